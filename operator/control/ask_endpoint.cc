#include "control/ask_endpoint.h"

#include <algorithm>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/base_path.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::control {
namespace {

using detect::Endpoint;
using detect::Grants;
using detect::ProbeAnswer;
using detect::ProbedPath;
using detect::Product;
using detect::Verdict;
using Outcome = ProbeAnswer::Outcome;

// Products that are asked once more under a base path, and base paths for one product: most consoles
// stand at the root, and every request is one more in somebody's access log.
constexpr size_t kMaxProductsUnderBase = 8;
constexpr size_t kMaxBases = 3;

bool speaksOther(const ProbeAnswer& answer, const std::string& scheme) {
  if (scheme == "https") return answer.outcome == Outcome::kTlsError;
  // Go's and nginx's answer to plain HTTP on a TLS port; others just hang up.
  return (answer.status == 400 && answer.body.find("HTTPS") != std::string::npos) ||
         answer.outcome == Outcome::kRefused;
}

std::vector<std::string> schemesFor(const Product& product, const Endpoint& endpoint) {
  if (isRouted(endpoint.via)) return {endpoint.tls ? "https" : "http"};
  std::vector<std::string> schemes = product.schemes;
  for (const char* other : {"http", "https"}) {
    if (std::find(schemes.begin(), schemes.end(), other) == schemes.end()) schemes.push_back(other);
  }
  return schemes;
}

int rank(const ProbedPath& path) {
  switch (path.verdict) {
    case Verdict::kOpen:
      return path.grants == Grants::kControl ? 5 : 4;
    case Verdict::kLocked:
      return 3;
    case Verdict::kNotThisProduct:
      return 2;
    case Verdict::kUnknown:
      return path.redirected ? 1 : 0;
  }
  return 0;
}

bool decides(const ProbedPath& path) { return rank(path) >= 3; }

// What the answer leaves unsaid, this door says besides.
bool holdsBeside(Asker& asker, const std::string& scheme, const detect::ProofRequest& proof,
                 const std::string& base) {
  return proof.besidePath.empty() || matches(proof.beside, asker.ask(scheme, proof.besidePath, base));
}

// One product under one base path: the strongest verdict over its proofs.
ProbedPath askProduct(Asker& asker, const Product& product, const Endpoint& endpoint,
                      const std::string& base) {
  ProbedPath best;
  best.endpoint = endpoint;
  best.endpoint.path += base;
  best.product = &product;
  for (const std::string& scheme : schemesFor(product, endpoint)) {
    bool other = false;
    for (const detect::ProofRequest& proof : product.proofs) {
      const ProbeAnswer answer = asker.ask(scheme, proof.path, base);
      if (speaksOther(answer, scheme)) {
        other = true;
        break;
      }
      // Silence will not end for the next path.
      if (answer.outcome != Outcome::kAnswered) return best;
      const detect::ProofRequest* fulfilled = fulfilledProof(product, answer);
      ProbeAnswer control;
      if (fulfilled != nullptr) control = asker.ask(scheme, fulfilled->controlPath, base);
      ProbedPath path = best;
      path.scheme = scheme;
      path.requestPath = path.endpoint.path + proof.path;
      path.verdict = judge(product, answer, control);
      if (path.verdict == Verdict::kOpen && !holdsBeside(asker, scheme, *fulfilled, base)) {
        path.verdict = Verdict::kNotThisProduct;
      }
      path.redirected = path.verdict == Verdict::kUnknown && isRedirect(answer);
      path.grants = fulfilled != nullptr ? fulfilled->grants : Grants::kControl;
      if (rank(path) > rank(best)) best = path;
      if (best.verdict == Verdict::kOpen && best.grants == Grants::kControl) return best;
    }
    if (!other) break;
  }
  return best;
}

// Where else this product may stand at this endpoint. A route's prefix may be that path already.
std::vector<std::string> basesFor(const Asker& asker, const Product& product,
                                  const Endpoint& endpoint, const std::vector<Pod>& pods) {
  std::vector<std::string> bases = detect::basePathsSet(product, pods);
  for (const std::string& shown : asker.shownBases()) {
    if (std::find(bases.begin(), bases.end(), shown) == bases.end()) bases.push_back(shown);
  }
  std::erase_if(bases, [&](const std::string& base) { return endpoint.path.ends_with(base); });
  if (bases.size() > kMaxBases) bases.resize(kMaxBases);
  return bases;
}

}  // namespace

ProbeAnswer Asker::ask(const std::string& scheme, const std::string& path, const std::string& base) {
  auto [known, fresh] = answers_.try_emplace({scheme, base + path});
  ProbeAnswer& answer = known->second;
  if (fresh) {
    answer = prober_.probe({scheme, endpoint_.address, endpoint_.port, endpoint_.host,
                            endpoint_.path + base + path, timeout_},
                           allowed_);
    if (answer.outcome == Outcome::kTimedOut || answer.outcome == Outcome::kFailed) silent_ = true;
    if (answer.outcome == Outcome::kRefused) refused_.insert(scheme);
    if (answer.outcome == Outcome::kAnswered) answered_.insert(scheme);
    answer.path = path;
    if (base.empty()) {
      for (std::string& shown : basePathsShown(answer, {endpoint_.host, endpoint_.address})) {
        // Behind a route the redirect names the outer path.
        if (!endpoint_.path.empty() && shown.starts_with(endpoint_.path)) {
          shown.erase(0, endpoint_.path.size());
        }
        if (!shown.empty()) shownBases_.push_back(std::move(shown));
      }
    }
  }
  ProbeAnswer copy = answer;
  copy.path = path;
  return copy;
}

std::vector<ProbeAnswer> Asker::askFrontPage() {
  const bool tls = endpoint_.tls || endpoint_.podPort == 443 || endpoint_.podPort == 8443;
  std::string scheme = tls ? "https" : "http";
  std::vector<ProbeAnswer> pages = {ask(scheme, "/")};
  if (speaksOther(pages[0], scheme) && !isRouted(endpoint_.via)) {
    scheme = tls ? "http" : "https";
    pages[0] = ask(scheme, "/");
  }
  std::string next = redirectWithin(pages[0], {endpoint_.host, endpoint_.address});
  if (next.starts_with(endpoint_.path)) next.erase(0, endpoint_.path.size());
  if (!next.empty() && next != "/" && !detect::hasSideEffects(next)) pages.push_back(ask(scheme, next));
  return pages;
}

bool Asker::cameUpMeanwhile() const {
  return std::any_of(refused_.begin(), refused_.end(),
                     [&](const std::string& scheme) { return answered_.contains(scheme); });
}

ProbedPath askEndpoint(Asker& asker, const Endpoint& endpoint,
                       const std::vector<const Product*>& candidates,
                       const std::vector<Pod>& pods) {
  ProbedPath best;
  best.endpoint = endpoint;
  for (const Product* product : candidates) {
    ProbedPath path = askProduct(asker, *product, endpoint, "");
    if (rank(path) > rank(best)) best = std::move(path);
    if (best.verdict == Verdict::kOpen || asker.silent()) break;
  }
  if (!decides(best) && !asker.silent() && !candidates.empty()) {
    asker.askFrontPage();
    for (size_t i = 0; i < std::min(candidates.size(), kMaxProductsUnderBase); ++i) {
      for (const std::string& base : basesFor(asker, *candidates[i], endpoint, pods)) {
        ProbedPath path = askProduct(asker, *candidates[i], endpoint, base);
        if (decides(path) && rank(path) > rank(best)) best = std::move(path);
        if (best.verdict == Verdict::kOpen || asker.silent()) return best;
      }
    }
  }
  if (best.verdict == Verdict::kNotThisProduct && asker.cameUpMeanwhile()) {
    best.verdict = Verdict::kUnknown;
  }
  return best;
}

}  // namespace firebreak::control
