#include "detect/miners/fetched_files.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "detect/miners/command_reader.h"
#include "detect/miners/endpoint.h"

namespace firebreak::detect {
namespace {

constexpr std::array<std::string_view, 8> kDownloaders = {
    "curl", "wget", "git", "aria2c", "axel", "invoke-webrequest", "iwr", "start-bitstransfer"};
// What passes on what it reads, unpacked or as it is.
constexpr std::array<std::string_view, 7> kFilters = {"gunzip", "zcat", "base64", "xz",
                                                      "tr",     "rev",  "tee"};
constexpr std::array<std::string_view, 4> kMovers = {"mv", "cp", "ln", "install"};

template <typename Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

std::string_view baseName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

bool isAddress(std::string_view host) {
  return host.starts_with('[') ||
         std::all_of(host.begin(), host.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

Fetched howFetched(const std::vector<std::string>& words) {
  for (size_t i = 1; i < words.size(); ++i) {
    auto from = parseEndpoint(words[i]);
    if (!from || words[i].starts_with('-')) continue;
    bool bare = from->scheme.empty();
    if (bare && (words[i].find('.') == std::string::npos || words[i - 1].starts_with('-'))) continue;
    return from->scheme != "https" || isAddress(from->host) ? Fetched::kInsecurely : Fetched::kYes;
  }
  return Fetched::kYes;
}

}  // namespace

bool isDownloader(std::string_view program) { return contains(kDownloaders, program); }

void FetchedFiles::onCommand(const std::vector<std::string>& words,
                             const std::vector<std::string>& outputs, bool fromPipe) {
  before_ = fromPipe ? pipe_ : Fetched::kNo;
  pipe_ = Fetched::kNo;
  if (words.empty()) return;
  std::string program = programName(words[0]);
  if (contains(kFilters, program)) pipe_ = before_;
  if (contains(kMovers, program) && words.size() > 2) {
    Fetched moved = find(words[words.size() - 2]);
    if (moved != Fetched::kNo) files_[words.back()] = moved;
  }
  if (!isDownloader(program) || program == "git") return;
  Fetched how = howFetched(words);
  pipe_ = how;
  for (const std::string& output : outputs) files_[output] = how;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    bool option = word.size() > 1 && word[0] == '-';
    bool names = option && (word.ends_with('o') || word.ends_with('O') || word == "--output" ||
                            word == "-OutFile" || word == "--output-document");
    if (names && i + 1 < words.size()) files_[words[i + 1]] = how;
    if (!option && word.find('/') != std::string::npos) files_[std::string(baseName(word))] = how;
  }
}

Fetched FetchedFiles::find(std::string_view path) const {
  auto found = files_.find(path);
  if (found != files_.end()) return found->second;
  if (!path.starts_with("./") && path.find('/') != std::string_view::npos) return Fetched::kNo;
  auto same = std::find_if(files_.begin(), files_.end(), [&](const auto& file) {
    return !baseName(path).empty() && baseName(file.first) == baseName(path);
  });
  return same == files_.end() ? Fetched::kNo : same->second;
}

Fetched FetchedFiles::of(const std::vector<std::string>& words, bool reads) const {
  if (words.empty()) return Fetched::kNo;
  Fetched itself = find(words[0]);
  if (itself != Fetched::kNo || !runsScripts(programName(words[0]))) return itself;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with('-') || words[i].empty()) continue;
    Fetched script = find(words[i]);
    if (script != Fetched::kNo) return script;
    break;
  }
  return reads ? before_ : Fetched::kNo;
}

}  // namespace firebreak::detect
