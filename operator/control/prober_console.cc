#include "control/prober_console.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "control/ask_endpoint.h"
#include "detect/dashboards/address.h"
#include "detect/dashboards/candidates.h"

namespace firebreak::control {
namespace {

using detect::Endpoint;
using detect::ProbeAnswer;
using detect::ProbedPath;
using detect::Product;
using detect::Verdict;
using detect::Via;
using Outcome = ProbeAnswer::Outcome;

constexpr int kNodesPerPort = 2;
// Products that are asked for on one endpoint; the surest hints come first.
constexpr size_t kMaxProducts = 24;

// Image or command name the product, so that nothing needs to be guessed.
bool nameSays(const Product& product, const std::vector<Pod>& pods) {
  return std::any_of(pods.begin(), pods.end(), [&](const Pod& pod) {
    return std::any_of(pod.spec->containers.begin(), pod.spec->containers.end(),
                       [&](const Container& container) { return runsProduct(product, container); });
  });
}

// Ports whose service speaks something else: a GET would only be noise in its log.
bool mayBeWeb(const Endpoint& endpoint) {
  static const std::set<int32_t> kOthers = {
      21,   22,   25,   53,   110,  143,  389,  465,   587,   636,   993,   995,  1433,
      1521, 1883, 3306, 3389, 4222, 5432, 5671, 5672,  6379,  6380,  6443,  7687, 8883,
      9042, 9092, 9093, 9094, 9300, 11211, 15020, 15021, 26379, 27017, 50051, 61616};
  if (isRouted(endpoint.via)) return true;
  return !kOthers.contains(endpoint.podPort) && !kOthers.contains(endpoint.servicePort);
}

// What the front page says puts a product before those that only share the port; one that nobody
// guessed is added.
void rankByFrontPage(Asker& asker, const std::vector<Product>& products,
                     std::vector<const Product*>* candidates) {
  const std::vector<ProbeAnswer> pages = asker.askFrontPage();
  const auto shows = [&](const std::string& mark) {
    return std::any_of(pages.begin(), pages.end(), [&](const ProbeAnswer& page) {
      return page.body.find(mark) != std::string::npos ||
             page.location.find(mark) != std::string::npos;
    });
  };
  std::vector<const Product*> marked;
  for (const Product& product : products) {
    const bool says = std::any_of(product.marks.begin(), product.marks.end(), shows);
    if (says && !product.proofs.empty()) marked.push_back(&product);
  }
  for (const Product* product : *candidates) {
    if (std::find(marked.begin(), marked.end(), product) == marked.end()) marked.push_back(product);
  }
  *candidates = std::move(marked);
}

}  // namespace

Prober::Addresses clusterAddresses(const ConsoleQuestion& question) {
  Prober::Addresses addresses;
  const auto add = [&](const std::string& text) {
    if (detect::isProbeableAddress(text)) addresses.insert(*detect::normalAddress(text));
  };
  for (const Node& node : question.nodes) {
    for (const std::string& ip : node.internalIPs) add(ip);
  }
  for (const Pod& pod : detect::backingPods(question.service, question.pods)) {
    add(pod.podIP);
    add(pod.hostIP);
  }
  add(question.service.clusterIP);
  for (const std::string& ip : question.service.ingressIPs) add(ip);
  for (const detect::IngressDoor& door : question.doors) add(door.address);
  return addresses;
}

std::vector<ProbedPath> probeConsole(Prober& prober, const ConsoleQuestion& question) {
  std::vector<ProbedPath> paths;
  if (question.products == nullptr) return paths;
  const std::vector<Pod> pods = detect::backingPods(question.service, question.pods);
  const Prober::Addresses allowed = clusterAddresses(question);
  const auto endpoints = detect::endpointsOf(
      question.service,
      {question.pods, question.nodes, question.ingresses, question.doors});
  std::map<std::pair<Via, int32_t>, int> asked;
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.address.empty() || endpoint.port == 0) continue;
    const bool perNode = endpoint.via == Via::kNodePort || endpoint.via == Via::kHostPort ||
                         endpoint.via == Via::kHostNetwork;
    if (perNode && asked[{endpoint.via, endpoint.port}]++ >= kNodesPerPort) continue;
    // Inside the cluster only what names itself is asked; outside a well-known port is enough.
    auto candidates = candidatesFor(*question.products, pods, question.service,
                                    endpoint.servicePort, endpoint.podPort,
                                    endpoint.reach == detect::Reach::kPublished);
    Asker asker(prober, endpoint, allowed, question.timeout);
    const bool named = !candidates.empty() && nameSays(*candidates.front(), pods);
    if (endpoint.reach == detect::Reach::kPublished && !named && mayBeWeb(endpoint)) {
      rankByFrontPage(asker, *question.products, &candidates);
    }
    if (candidates.size() > kMaxProducts) candidates.resize(kMaxProducts);
    ProbedPath best = askEndpoint(asker, endpoint, candidates, pods);
    if (best.verdict != Verdict::kOpen && best.verdict != Verdict::kLocked) best.product = nullptr;
    if (!candidates.empty()) paths.push_back(std::move(best));
  }
  return paths;
}

std::vector<detect::ReaskedPath> reaskConsole(Prober& prober, const std::vector<ProbedPath>& open,
                                              const Prober::Addresses& allowed,
                                              std::chrono::milliseconds timeout) {
  std::vector<detect::ReaskedPath> reasked;
  for (const ProbedPath& path : open) {
    if (path.product == nullptr || path.verdict != Verdict::kOpen) continue;
    detect::ReaskedPath again;
    again.product = path.product;
    again.via = path.endpoint.via;
    again.before = path.verdict;
    Asker asker(prober, path.endpoint, allowed, timeout);
    const std::string own = path.requestPath.substr(path.endpoint.path.size());
    again.after = asker.ask(path.scheme, own);
    if (again.after.outcome == Outcome::kAnswered) {
      const detect::ProofRequest* fulfilled = fulfilledProof(*path.product, again.after);
      if (fulfilled != nullptr) again.afterControl = asker.ask(path.scheme, fulfilled->controlPath);
    }
    reasked.push_back(std::move(again));
  }
  return reasked;
}

}  // namespace firebreak::control
