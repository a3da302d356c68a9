#include "detect/dashboards/candidates.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/command_line.h"

namespace firebreak::detect {
namespace {

bool imageFits(const std::string& glob, const std::string& repository) {
  if (glob.find('/') == std::string::npos) {
    const size_t slash = repository.rfind('/');
    const std::string last = slash == std::string::npos ? repository : repository.substr(slash + 1);
    return fnmatch(glob.c_str(), last.c_str(), 0) == 0;
  }
  if (fnmatch(glob.c_str(), repository.c_str(), 0) == 0) return true;
  // A mirror keeps the original path behind its own: "proxy/docker/prom/prometheus".
  return fnmatch(("*/" + glob).c_str(), repository.c_str(), 0) == 0;
}

std::string baseName(const std::string& word) {
  const size_t slash = word.rfind('/');
  return slash == std::string::npos ? word : word.substr(slash + 1);
}

// A word is a program where a command starts: first of all, after a separator, a script's "-c", an
// assignment, or a program that only starts another.
bool startsCommand(const std::vector<std::string>& words, size_t index) {
  if (index == 0) return true;
  const std::string& before = words[index - 1];
  constexpr std::array<std::string_view, 9> kStarters = {";", "exec", "--", "env", "nohup",
                                                         "sudo", "tini", "dumb-init", "then"};
  if (std::find(kStarters.begin(), kStarters.end(), baseName(before)) != kStarters.end()) return true;
  if (before.size() >= 2 && before[0] == '-' && before[1] != '-' && before.back() == 'c') return true;
  // `python3 -m flower`, `python3 /opt/bin/flower`.
  const bool module = before == "-m" && index >= 2;
  if (baseName(words[module ? index - 2 : index - 1]).starts_with("python")) return true;
  return before[0] != '-' && before.find('=') != std::string::npos;
}

// "kubectl proxy": these words, in this order, flags may stand in between; the first as a program.
bool programFits(const std::string& program, const std::vector<std::string>& words) {
  const size_t space = program.find(' ');
  const std::string first = program.substr(0, space);
  const std::string second = space == std::string::npos ? "" : program.substr(space + 1);
  for (size_t i = 0; i < words.size(); ++i) {
    if (baseName(words[i]) != first || !startsCommand(words, i)) continue;
    if (second.empty()) return true;
    for (size_t j = i + 1; j < words.size(); ++j) {
      if (words[j] == second) return true;
      if (!words[j].starts_with("-")) break;
    }
  }
  return false;
}

// An infix of the image's last component, by words: "kube-web-view-demo" holds "kube-web-view".
bool imageHolds(const std::string& glob, const std::string& repository) {
  // Behind a slash stand words that are too common to be looked for alone ("minio/console").
  if (glob.find_first_of("*/") != std::string::npos || glob.size() < 3) return false;
  const std::string last = "-" + baseName(repository) + "-";
  return last.find("-" + glob + "-") != std::string::npos;
}

int hintOf(const Product& product, const Pod& pod) {
  int hint = 0;
  for (const Container& container : pod.spec->containers) {
    if (container.role == Container::Role::kInit) continue;
    if (runsProduct(product, container)) return 4;
    const std::string repository = imageRepository(container.image);
    if (std::any_of(product.images.begin(), product.images.end(),
                    [&](const std::string& glob) { return imageHolds(glob, repository); })) {
      hint = 3;
    }
  }
  constexpr std::array<const char*, 4> kLabels = {"app.kubernetes.io/name", "app", "k8s-app", "name"};
  for (const char* key : kLabels) {
    auto label = pod.meta.labels.find(key);
    if (label == pod.meta.labels.end()) continue;
    if (std::find(product.labels.begin(), product.labels.end(), label->second) !=
        product.labels.end()) {
      hint = std::max(hint, 2);
    }
  }
  return hint;
}

}  // namespace

std::string imageRepository(std::string_view image) {
  std::string text(image.substr(0, image.find('@')));
  const size_t slash = text.find('/');
  if (slash != std::string::npos) {
    // The first component is a registry where it could be a host name.
    const std::string first = text.substr(0, slash);
    if (first == "localhost" || first.find_first_of(".:") != std::string::npos) {
      text.erase(0, slash + 1);
    }
  }
  const size_t colon = text.find(':', text.rfind('/') == std::string::npos ? 0 : text.rfind('/'));
  return text.substr(0, colon);
}

bool runsProduct(const Product& product, const Container& container) {
  const std::string repository = imageRepository(container.image);
  if (std::any_of(product.images.begin(), product.images.end(),
                  [&](const std::string& glob) { return imageFits(glob, repository); })) {
    return true;
  }
  const std::vector<std::string> words = commandWords(container);
  return std::any_of(product.programs.begin(), product.programs.end(),
                     [&](const std::string& program) { return programFits(program, words); });
}

std::vector<const Product*> candidatesFor(const std::vector<Product>& products,
                                          const std::vector<Pod>& pods, const Service& service,
                                          int32_t servicePort, int32_t podPort,
                                          bool portIsEnough) {
  std::vector<std::pair<int, const Product*>> ranked;
  for (const Product& product : products) {
    if (product.proofs.empty()) continue;
    int hint = 0;
    for (const Pod& pod : pods) hint = std::max(hint, hintOf(product, pod));
    if (containsText(service.meta.name, product.id)) hint = std::max(hint, 2);
    const auto knows = [&](int32_t port) {
      return std::find(product.ports.begin(), product.ports.end(), port) != product.ports.end();
    };
    if (hint == 0 && portIsEnough && (knows(podPort) || knows(servicePort))) hint = 1;
    if (hint > 0) ranked.emplace_back(hint, &product);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Product*> candidates;
  candidates.reserve(ranked.size());
  const bool named = !ranked.empty() && ranked.front().first >= 4;
  for (const auto& [hint, product] : ranked) {
    if (hint > 1 || !named) candidates.push_back(product);
  }
  return candidates;
}

}  // namespace firebreak::detect
