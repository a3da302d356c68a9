// Metrics: one registry for the process, thin over prometheus-cpp's core. A metric is a constant
// that carries its name and help text, so that a misspelt name does not compile; names follow
// controller-runtime where the meaning is the same, so that existing dashboards work.
// Labels hold few values (a verb, a reason, a result), never the name of a pod or a secret.
// Owned by the process; safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace firebreak {

struct CounterMetric {
  const char* name;  // ends in _total
  const char* help;
};

struct GaugeMetric {
  const char* name;
  const char* help;
};

struct HistogramMetric {
  const char* name;  // ends in its base unit: _seconds, _bytes
  const char* help;
  std::vector<double> buckets;  // upper bounds, ascending; the last one, +Inf, is implied
};

using MetricLabels = std::map<std::string, std::string>;

class MetricRegistry {
 public:
  MetricRegistry();
  ~MetricRegistry();
  MetricRegistry(const MetricRegistry&) = delete;
  MetricRegistry& operator=(const MetricRegistry&) = delete;

  void increment(const CounterMetric& metric, const MetricLabels& labels = {}, double by = 1);
  void set(const GaugeMetric& metric, double value, const MetricLabels& labels = {});
  void add(const GaugeMetric& metric, double by, const MetricLabels& labels = {});
  void observe(const HistogramMetric& metric, double value, const MetricLabels& labels = {});

  // The Prometheus text format, version 0.0.4.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The registry that /metrics shows.
MetricRegistry& metrics();
std::string metricsText();

// Everything that Firebreak counts, to be read top to bottom.
namespace metric {

// Names that controller-runtime and client-go use.
extern const GaugeMetric kWorkqueueDepth;                 // {name}
extern const CounterMetric kWorkqueueAdds;                // {name}
extern const CounterMetric kWorkqueueRetries;             // {name}
extern const HistogramMetric kWorkqueueQueueDuration;     // {name}
extern const HistogramMetric kWorkqueueWorkDuration;      // {name}
extern const GaugeMetric kWorkqueueUnfinishedWork;        // {name}
extern const GaugeMetric kWorkqueueLongestRunning;        // {name}
extern const CounterMetric kRestClientRequests;           // {code, method, host}
extern const HistogramMetric kRestClientRequestDuration;  // {verb, host}
extern const GaugeMetric kLeaderElectionMasterStatus;     // {name}

// Firebreak's own.
extern const GaugeMetric kBuildInfo;              // {version}, always 1
extern const CounterMetric kFindings;             // {family, rule, severity}
extern const CounterMetric kRemediations;         // {family, action, result}
extern const CounterMetric kRemediationsSkipped;  // {family, reason}
extern const CounterMetric kStaleSyncSkips;       // {kind}
extern const HistogramMetric kDetectionToCommit;  // {family}
extern const CounterMetric kWatchLists;           // {resource}
extern const CounterMetric kWatchFailures;        // {resource}
extern const CounterMetric kWatchBadLines;        // {resource}
extern const CounterMetric kWatchOversized;       // {resource}
extern const CounterMetric kEvents;               // {result}
extern const GaugeMetric kWatchLag;               // {resource}, in seconds
extern const CounterMetric kHttpChildRestarts;    // how often the HTTP port's process died

}  // namespace metric
}  // namespace firebreak
