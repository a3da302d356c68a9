// Loader: files, folders and stdin -> the documents that `firebreak scan` judges. What cannot be
// read is named and the rest is loaded all the same. One thread; does file I/O.
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "detect/scan_input.h"

namespace firebreak {

struct LoadError {
  std::string file;
  int line = 0;  // 0 = unknown
  std::string message;
};

struct Loaded {
  std::vector<detect::Document> documents;
  std::vector<LoadError> errors;
  std::vector<LoadError> notes;  // documents without kind, files beside manifests that are no text
  size_t filesScanned = 0;
};

// Folders are searched for *.yaml, *.yml, *.json, for configuration that is text (.env, .ini, .tf, ...) and
// for what lies beside it (.sh, .py, .sql, .pem, ...), in order of name; .git, node_modules and .terraform
// are left out, and the code in vendor. "-" is `input`.
Loaded loadPaths(const std::vector<std::string>& paths, std::istream& input);

// One file's text; `file` is its name in errors and findings.
void loadText(std::string_view text, const std::string& file, Loaded* out);

}  // namespace firebreak
