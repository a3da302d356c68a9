// CurlTransport: the real Transport. One I/O thread drives two curl multi handles over HTTP/2: the
// watches on one connection, everything else on another, so that a stuck stream cannot hold back a
// remediation. A periodic ping finds an API server that hangs, which watches alone cannot see.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "kube/config.h"
#include "kube/transport.h"

namespace firebreak::kube {

struct CurlOptions {
  // The API server allows 100 streams on a connection; curl 7.88 opens a connection per request
  // beyond that, so these stay well below.
  int maxInFlight = 32;
  int maxStreams = 50;
  std::chrono::milliseconds connectTimeout{5'000};
  // How often /livez is asked while streams are open, and how long an answer may take before the
  // connections of the streams are cut.
  std::chrono::milliseconds pingEvery{15'000};
  std::chrono::milliseconds pingTimeout{10'000};
  std::string userAgent;  // empty = "firebreak/<version> (linux)"
};

// Reads the credentials once (an exec plugin runs now); starts the I/O thread.
Result<std::unique_ptr<Transport>> makeCurlTransport(const ClusterConfig& config,
                                                     CurlOptions options = {});

}  // namespace firebreak::kube
