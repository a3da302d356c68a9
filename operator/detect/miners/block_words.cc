#include "detect/miners/block_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "detect/miners/command_signals.h"

namespace firebreak::detect {
namespace {

// Anywhere in the name.
constexpr std::array<std::string_view, 26> kBlocks = {
    "block",   "deny",      "denied",  "blacklist",  "reject",  "filter",  "alert",
    "exclude", "forbid",    "disallow", "sinkhole",  "blackhole", "malicious", "malware",
    "threat",  "suspicious", "detect", "signature",  "pattern", "regex",   "quarantine",
    "probe",   "monitor",   "scrape",  "description", "message"};
// Too short to be looked for inside other words.
constexpr std::array<std::string_view, 12> kBlockWords = {
    "ban", "bans", "ioc", "iocs", "feed", "rule", "rules", "match", "watch", "drop", "help", "text"};

// Words that sentences have and command lines hardly do.
constexpr std::array<std::string_view, 19> kSentenceWords = {
    "the", "to", "of", "such", "as", "is", "are", "any", "with", "like",
    "this", "that", "from", "an", "or", "a", "e.g.", "when", "which"};

}  // namespace

bool namesABlockList(std::string_view name) {
  std::string text = toLower(name);
  return std::any_of(kBlocks.begin(), kBlocks.end(),
                     [&](std::string_view word) { return text.find(word) != text.npos; }) ||
         std::any_of(kBlockWords.begin(), kBlockWords.end(),
                     [&](std::string_view word) { return containsWord(text, word); });
}

bool isProse(std::string_view text) {
  // A script's separators: what is run is told by its commands, not by its words.
  for (std::string_view mark : {"&&", "||", "| ", ";\n", "; "}) {
    if (text.find(mark) != std::string_view::npos) return false;
  }
  if (text.find("#!") == 0) return false;
  bool afterFlag = false;
  int plain = 0;
  int sentence = 0;
  for (size_t pos = 0; pos < text.size();) {
    size_t end = std::min(text.find_first_of(" \t\n", pos), text.size());
    std::string word = toLower(text.substr(pos, end - pos));
    pos = end + 1;
    if (word.empty()) continue;
    bool flag = word[0] == '-';
    while (!word.empty() && std::string_view(",.:!?)\"'").find(word.back()) != std::string_view::npos &&
           word != "e.g.") {
      word.pop_back();
    }
    bool letters = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return std::isalpha(c) != 0 || c == '\'' || c == '.';
    });
    if (letters && !afterFlag) {
      ++plain;
      if (std::find(kSentenceWords.begin(), kSentenceWords.end(), word) != kSentenceWords.end()) {
        ++sentence;
      }
    }
    afterFlag = flag;
  }
  return (sentence >= 1 && plain >= 3) || plain >= 8;
}

}  // namespace firebreak::detect
