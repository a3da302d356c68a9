#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace firebreak {

// The registry keeps a family or a metric that is there already, so that each call may name it
// anew.
struct MetricRegistry::Impl {
  prometheus::Registry registry;

  prometheus::Gauge& gauge(const GaugeMetric& metric, const MetricLabels& labels) {
    return prometheus::BuildGauge()
        .Name(metric.name)
        .Help(metric.help)
        .Register(registry)
        .Add(labels);
  }
};

MetricRegistry::MetricRegistry() : impl_(std::make_unique<Impl>()) {}
MetricRegistry::~MetricRegistry() = default;

void MetricRegistry::increment(const CounterMetric& metric, const MetricLabels& labels, double by) {
  prometheus::BuildCounter()
      .Name(metric.name)
      .Help(metric.help)
      .Register(impl_->registry)
      .Add(labels)
      .Increment(by);
}

void MetricRegistry::set(const GaugeMetric& metric, double value, const MetricLabels& labels) {
  impl_->gauge(metric, labels).Set(value);
}

void MetricRegistry::add(const GaugeMetric& metric, double by, const MetricLabels& labels) {
  impl_->gauge(metric, labels).Increment(by);
}

void MetricRegistry::observe(const HistogramMetric& metric, double value,
                             const MetricLabels& labels) {
  prometheus::BuildHistogram()
      .Name(metric.name)
      .Help(metric.help)
      .Register(impl_->registry)
      .Add(labels, metric.buckets)
      .Observe(value);
}

std::string MetricRegistry::text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

MetricRegistry& metrics() {
  static MetricRegistry registry;
  return registry;
}

std::string metricsText() { return metrics().text(); }

namespace metric {
namespace {
// From a millisecond, what a local write takes, to beyond the 15 s that closing a console may take.
const std::vector<double> kSeconds = {0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1,
                                      2.5,   5,     10,    15,  30,   60};
}  // namespace

const GaugeMetric kWorkqueueDepth{"workqueue_depth", "Current depth of the work queue"};
const CounterMetric kWorkqueueAdds{"workqueue_adds_total", "Keys added to the work queue"};
const CounterMetric kWorkqueueRetries{"workqueue_retries_total",
                                      "Keys added again after a failure"};
const HistogramMetric kWorkqueueQueueDuration{
    "workqueue_queue_duration_seconds", "How long a key waits before it is worked on", kSeconds};
const HistogramMetric kWorkqueueWorkDuration{"workqueue_work_duration_seconds",
                                             "How long working on a key takes", kSeconds};
const GaugeMetric kWorkqueueUnfinishedWork{"workqueue_unfinished_work_seconds",
                                           "Age of the work in progress, summed"};
const GaugeMetric kWorkqueueLongestRunning{"workqueue_longest_running_processor_seconds",
                                           "Age of the oldest work in progress"};
const CounterMetric kRestClientRequests{"rest_client_requests_total",
                                        "Requests to the API server by answer"};
const HistogramMetric kRestClientRequestDuration{"rest_client_request_duration_seconds",
                                                 "Time until the API server's answer", kSeconds};
const GaugeMetric kLeaderElectionMasterStatus{"leader_election_master_status",
                                              "1 where this process leads"};

const GaugeMetric kBuildInfo{"firebreak_build_info", "Always 1; the labels say what runs"};
const CounterMetric kFindings{"firebreak_findings_total", "Findings by family, rule and severity"};
const CounterMetric kRemediations{"firebreak_remediations_total",
                                  "Remediations by family, action and result"};
const CounterMetric kRemediationsSkipped{"firebreak_remediations_skipped_total",
                                         "Remediations that a guard refused, by its reason"};
const CounterMetric kStaleSyncSkips{"firebreak_stale_sync_skips_total",
                                    "Decisions put off because the observed state was too old"};
const HistogramMetric kDetectionToCommit{"firebreak_detection_to_commit_seconds",
                                         "From the finding to the first write of its remediation",
                                         kSeconds};
const CounterMetric kWatchLists{"firebreak_watch_lists_total",
                                "Full lists: at the start, and after a watch that was lost"};
const CounterMetric kWatchFailures{"firebreak_watch_failures_total",
                                   "Watches that ended or were refused and had to wait"};
const CounterMetric kWatchBadLines{"firebreak_watch_bad_lines_total",
                                   "Lines of a watch that are no event; each forces a list"};
const CounterMetric kWatchOversized{
    "firebreak_watch_oversized_total",
    "Objects too large to be read to their end: judged by their beginning, or skipped"};
const CounterMetric kEvents{"firebreak_events_total", "Events written, dropped and given up"};
const GaugeMetric kWatchLag{"firebreak_watch_lag_seconds",
                            "Time since a watch last delivered anything"};
const CounterMetric kHttpChildRestarts{
    "firebreak_http_child_restarts_total",
    "How often the process that serves this port was started again"};

}  // namespace metric
}  // namespace firebreak
