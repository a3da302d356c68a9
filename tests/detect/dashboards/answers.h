// Answers as a console would give them, for the tests of this folder.
#pragma once

#include <string>

#include "detect/dashboards/probe_answer.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::detect {

inline ProbeAnswer answered(std::string path, int status, std::string type, std::string body,
                            std::string location = "") {
  ProbeAnswer answer;
  answer.outcome = ProbeAnswer::Outcome::kAnswered;
  answer.path = std::move(path);
  answer.status = status;
  answer.contentType = std::move(type);
  answer.body = std::move(body);
  answer.location = std::move(location);
  return answer;
}

inline ProbeAnswer silent(std::string path, ProbeAnswer::Outcome outcome) {
  ProbeAnswer answer;
  answer.outcome = outcome;
  answer.path = std::move(path);
  return answer;
}

inline const Product& product(const std::string& id) {
  for (const Product& each : dashboardProducts()) {
    if (each.id == id) return each;
  }
  static const Product kNone;
  return kNone;
}

inline ProbeAnswer openWebView() {
  return answered("/clusters", 200, "text/html; charset=utf-8",
                  "<html><title>Clusters - Kubernetes Web View</title></html>");
}
inline ProbeAnswer webViewNotFound() {
  return answered("/clusters/firebreak-no-such-cluster", 404, "text/html; charset=utf-8",
                  "<title>Error: cluster not found - Kubernetes Web View</title>");
}

}  // namespace firebreak::detect
