#include "base/metrics.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(MetricRegistryTest, CountsPerLabelSetAndKeepsWhatItCounted) {
  MetricRegistry registry;
  registry.increment(metric::kFindings, {{"family", "Miner"}, {"rule", "a"}});
  registry.increment(metric::kFindings, {{"family", "Miner"}, {"rule", "a"}});
  registry.increment(metric::kFindings, {{"family", "Miner"}, {"rule", "b"}}, 3);
  const std::string text = registry.text();
  EXPECT_NE(text.find("firebreak_findings_total{family=\"Miner\",rule=\"a\"} 2"), std::string::npos)
      << text;
  EXPECT_NE(text.find("firebreak_findings_total{family=\"Miner\",rule=\"b\"} 3"), std::string::npos)
      << text;
}

TEST(MetricRegistryTest, ShowsGaugesAndHistograms) {
  MetricRegistry registry;
  registry.set(metric::kWorkqueueDepth, 7, {{"name", "remediations"}});
  registry.add(metric::kWorkqueueDepth, -2, {{"name", "remediations"}});
  registry.observe(metric::kDetectionToCommit, 0.2, {{"family", "Miner"}});
  const std::string text = registry.text();
  EXPECT_NE(text.find("workqueue_depth{name=\"remediations\"} 5"), std::string::npos) << text;
  EXPECT_NE(text.find("firebreak_detection_to_commit_seconds_count{family=\"Miner\"} 1"),
            std::string::npos)
      << text;
}

TEST(MetricRegistryTest, EscapesWhatALabelMayHold) {
  MetricRegistry registry;
  registry.increment(metric::kRemediationsSkipped, {{"reason", "a\"b\nc"}});
  EXPECT_NE(registry.text().find("reason=\"a\\\"b\\nc\""), std::string::npos) << registry.text();
}

}  // namespace
}  // namespace firebreak
