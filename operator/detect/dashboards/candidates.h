// Which products a container may be running: hints that say what to ask for, and, for manifests, an
// identification that is sure enough to judge settings by. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/dashboards/product.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// "registry:5000/a/b:tag@sha256:..." -> "a/b".
std::string imageRepository(std::string_view image);

// What a container's image and command line say of the program in it: read once, asked about every product.
class NamedProgram {
 public:
  explicit NamedProgram(const Container& container);
  // The image's name or the command line says that it is this product.
  bool is(const Product& product) const;
  // The image's name holds the product's, by words: "kube-web-view-demo".
  bool soundsLike(const Product& product) const;

 private:
  bool runs(const std::string& program) const;

  std::string repository_;
  std::string last_;  // component of the repository
  std::vector<std::string> words_;
  // Where a command starts: the program's name without its folder, and its place among the words.
  std::vector<std::pair<std::string, size_t>> starts_;
};

// For one product; who asks about many of them makes the NamedProgram once.
bool runsProduct(const Product& product, const Container& container);

// What is worth asking on this port of these pods: products whose image, command, labels or, with
// `portIsEnough`, well-known port fit, the surest first. Where image or command name a console, others
// that only share its port are left out, since every request is one more in somebody's access log. A
// hint, never evidence: only an answer names a console.
std::vector<const Product*> candidatesFor(const std::vector<Product>& products,
                                          const std::vector<Pod>& pods, const Service& service,
                                          int32_t servicePort, int32_t podPort,
                                          bool portIsEnough = true);

}  // namespace firebreak::detect
