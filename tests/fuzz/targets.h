// What is fuzzed: each function takes any bytes and must return; broken promises abort. Run by
// libFuzzer (preset fuzz: `ninja -C build/fuzz fuzzers`), and by corpus_test on what was kept.
#pragma once

#include <string_view>

namespace firebreak::fuzz {

void framer(std::string_view input);      // a stream of bytes -> watch lines, also cut ones
void projection(std::string_view input);  // objects, list pages, identities
void kubeconfig(std::string_view input);  // and what an exec plugin prints
void status(std::string_view input);      // an answer's body -> ApiStatus -> Error

}  // namespace firebreak::fuzz
