#include "detect/secrets/chosen_password.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
// A byte of a letter beyond ASCII is a letter.
bool isLetter(char c) { return isLower(c) || isUpper(c) || static_cast<unsigned char>(c) >= 0x80; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Numbers follow these in names that are no secret.
constexpr std::string_view kTechnical[] = {
    "sha",     "aes",    "rsa",     "utf",     "argon",    "bcrypt",  "scrypt",  "pbkdf",
    "hmac",    "http",   "https",   "node",    "java",     "python",  "alpine",  "debian",
    "ubuntu",  "linux",  "windows", "version", "release",  "build",   "revision", "port",
    "host",    "worker", "pool",    "zone",    "east",     "west",    "north",   "south",
    "central", "vault",  "keyvault", "secrets", "passwords", "tokens", "creds",   "regcred",
    "kafka",   "nginx",  "nexus",   "sonar",   "iso",
    "latin",   "crc",    "ripemd",  "blake",    "curve",   "secp",    "prime"};

// Words that only sentences have.
constexpr std::string_view kSentence[] = {
    "the",  "your",  "and",   "with",  "from",   "this",  "that",  "must",  "have",  "least",
    "for",  "not",   "use",   "using", "enter",  "please", "here",  "when",  "where", "which",
    "will", "should", "can",  "only",  "than",   "more",  "each",  "every", "see",   "ask",
    "set",  "get",   "are",   "was",   "has",    "its",   "into",  "does",  "none",  "same",
    "user", "users", "name",  "reset", "forgot", "change", "confirm", "current", "show", "hide",
    "invalid", "wrong", "weak", "strong", "missing", "required", "optional", "file", "files",
    "string", "number", "value", "values", "text", "field", "type", "basic", "auth", "login",
    "admin", "default", "empty", "random", "database", "server", "team", "vault", "stored"};

bool contains(std::string_view word, const auto& table) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

struct Parts {
  std::vector<std::string> words;  // in small letters
  size_t digits = 0;
  size_t runs = 0;  // of digits
  std::string lastRun;
  bool marks = false;  // something besides letters, digits and what joins names
};

Parts partsOf(std::string_view text) {
  Parts parts;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (isDigit(c)) {
      if (i == 0 || !isDigit(text[i - 1])) {
        ++parts.runs;
        parts.lastRun.clear();
      }
      ++parts.digits;
      parts.lastRun += c;
    } else if (isLetter(c)) {
      bool capital = i > 0 && isUpper(c) && isLower(text[i - 1]);
      if (i == 0 || !isLetter(text[i - 1]) || capital) parts.words.emplace_back();
      parts.words.back() += lower(c);
    } else if (c != '-' && c != '_' && c != '.') {
      parts.marks = true;
    }
  }
  return parts;
}

// 123, 4321, 000: digits that nobody chose with care.
bool isCount(std::string_view digits) {
  if (digits.size() < 3) return false;
  bool up = true;
  bool down = true;
  bool same = true;
  for (size_t i = 1; i < digits.size(); ++i) {
    up = up && digits[i] == digits[i - 1] + 1;
    down = down && digits[i] == digits[i - 1] - 1;
    same = same && digits[i] == digits[i - 1];
  }
  return up || down || same;
}

// Words with a number behind, between or before them.
bool isWordsAndNumber(std::string_view text, const Parts& parts) {
  bool joined = std::all_of(text.begin(), text.end(), [](char c) {
    return isLetter(c) || isDigit(c) ||
           std::string_view("-_.!#@$%&*+~?").find(c) != std::string_view::npos;
  });
  if (!joined || parts.words.empty() || parts.runs != 1 || isCount(parts.lastRun)) return false;
  bool plain = std::any_of(parts.words.begin(), parts.words.end(), [](const std::string& word) {
    return word.size() < 4 || word.size() > 12 || contains(word, kTechnical);
  });
  // Dots join classes and hosts.
  if (plain || std::count(text.begin(), text.end(), '.') > 0) return false;
  // A name and its year or index, "billing-gateway-02": three words are no name.
  bool separate = text.find_first_of("-_") != std::string_view::npos;
  bool capitals = parts.words.size() == 2 && !separate;
  size_t least = parts.words.size() >= 3 || parts.marks || capitals ? 2 : 3;
  if (parts.words.size() == 1 && !parts.marks && parts.digits < 4 &&
      parts.words.front().size() < 5) {
    return false;
  }
  if (parts.digits < least || parts.digits > 8) return false;
  // -2024 behind one or two joined words is a date.
  bool year = parts.lastRun.size() == 4 &&
              (parts.lastRun.starts_with("19") || parts.lastRun.starts_with("20"));
  return !year || parts.marks || !separate;
}

// "rzx417$": three sorts of characters in few places.
bool isShortMix(std::string_view text, const Parts& parts) {
  auto letters = std::count_if(text.begin(), text.end(), isLetter);
  auto marks = std::count_if(text.begin(), text.end(), [](char c) {
    return std::string_view("!$#@*&?^").find(c) != std::string_view::npos;
  });
  return text.size() <= 9 && isLetter(text.front()) && letters >= 3 && parts.digits >= 2 &&
         marks >= 1 && static_cast<size_t>(letters + marks) + parts.digits == text.size() &&
         !isCount(parts.lastRun);
}

// "qLKzsFrn": capitals where no word has them, and hardly a vowel.
bool isLetterMix(std::string_view text) {
  size_t inner = 0;
  size_t vowels = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!isLower(text[i]) && !isUpper(text[i])) return false;
    if (i > 0 && isUpper(text[i]) && isLower(text[i - 1])) ++inner;
    if (std::string_view("aeiouyAEIOUY").find(text[i]) != std::string_view::npos) ++vowels;
  }
  return text.size() <= 16 && inner >= 2 && vowels * 6 <= text.size();
}

}  // namespace

bool isChosenPassword(std::string_view text) {
  if (text.size() < 6 || text.size() > 48 || hasWeakWord(text)) return false;
  Parts parts = partsOf(text);
  if (isShortMix(text, parts)) return true;
  return text.size() >= 8 && (isWordsAndNumber(text, parts) || isLetterMix(text));
}

bool isWordPhrase(std::string_view text) {
  size_t words = 0;
  std::string word;
  for (size_t i = 0; i <= text.size(); ++i) {
    char c = i < text.size() ? text[i] : ' ';
    if (isLower(c)) {
      word += c;
      continue;
    }
    bool ending = word.ends_with("ed") || word.ends_with("ing") || word.ends_with("ly") ||
                  word.ends_with("tion") || word.ends_with("word");
    if (c != ' ' || word.size() < 3 || word.size() > 9 || ending || contains(word, kSentence) ||
        hasWeakWord(word)) {
      return false;
    }
    ++words;
    word.clear();
  }
  // A mnemonic has up to 24.
  return words >= 4 && words <= 24;
}

}  // namespace firebreak::detect
