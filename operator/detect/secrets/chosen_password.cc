#include "detect/secrets/chosen_password.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
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

// Words of classes and products that are joined with capitals too: "Azure.Storage.Account2".
constexpr std::string_view kNamespaces[] = {
    "system",  "microsoft", "azure",   "google",  "amazon",   "apache",   "oracle",   "security", "config",
    "service", "services",  "manager", "factory", "provider", "handler",  "storage",  "account",  "accounts",
    "module",  "plugin",    "policy",  "cluster", "chart",    "template", "resource", "group",    "parameter",
    "setting", "settings",  "section", "options", "data",     "source",   "helm",     "kube",     "schema"};

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

bool isYear(std::string_view digits) {
  return digits.size() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
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

// "Pewter.Walnut.Cobalt7": three words or more with a capital each, joined by the same mark, and a number
// at the end. Classes and hosts have no number there, or a word of their trade.
bool isTitlePhrase(std::string_view text, const Parts& parts) {
  size_t mark = text.find_first_of("-_.");
  if (mark == std::string_view::npos || parts.words.size() < 3 || parts.runs != 1 ||
      parts.digits > 4 || isCount(parts.lastRun) || !isDigit(text.back())) {
    return false;
  }
  size_t joints = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    bool starts = i == 0 || text[i - 1] == text[mark];
    if (text[i] == text[mark]) {
      ++joints;
    } else if (starts ? !isUpper(text[i]) : isUpper(text[i]) || !(isLetter(text[i]) || isDigit(text[i]))) {
      return false;
    }
  }
  return joints + 1 == parts.words.size() &&
         std::none_of(parts.words.begin(), parts.words.end(), [](const std::string& word) {
           // What a person greets with is a word of passphrases as well.
           bool weak = word != "welcome" && hasWeakWord(word);
           return word.size() < 3 || word.size() > 12 || weak || contains(word, kTechnical) ||
                  contains(word, kSentence) || contains(word, kNamespaces);
         });
}

// "Jonas.1987", "walnut.604", "Walnut2019.": one word, its number and one dot.
bool isDottedWord(std::string_view text, const Parts& parts) {
  size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || text.find('.', dot + 1) != std::string_view::npos ||
      parts.words.size() != 1 || parts.runs != 1 || parts.marks || isCount(parts.lastRun)) {
    return false;
  }
  const std::string& word = parts.words.front();
  bool last = dot + 1 == text.size();
  size_t letters = last ? dot - parts.digits : dot;
  bool letterFirst = std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(letters), isLetter);
  if (!letterFirst || word.size() != letters || letters < 5 || letters > 12 || contains(word, kTechnical) ||
      contains(word, kSentence) || contains(word, kNamespaces)) {
    return false;
  }
  if (last) return parts.digits == 4;
  // A file and its year, a program and its release.
  return parts.digits >= 2 && parts.digits <= 8 && (isUpper(text.front()) || !isYear(parts.lastRun));
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
  return !isYear(parts.lastRun) || parts.marks || !separate;
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
  if (text.size() < 6 || text.size() > 48) return false;
  Parts parts = partsOf(text);
  if (isTitlePhrase(text, parts)) return true;
  if (hasWeakWord(text)) return false;
  if (isShortMix(text, parts)) return true;
  return text.size() >= 8 &&
         (isWordsAndNumber(text, parts) || isDottedWord(text, parts) || isLetterMix(text));
}

bool isDigitPassword(std::string_view text) {
  if (text.size() < 8 || text.size() > 16 || !std::all_of(text.begin(), text.end(), isDigit)) return false;
  // A telephone number or a padded count; the time in seconds or milliseconds.
  bool epoch = (text.size() == 10 || text.size() == 13) && text[0] == '1' && text[1] >= '4';
  if (text.front() == '0' || epoch) return false;
  auto number = [&](size_t at, size_t size) {
    int value = 0;
    for (char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  auto isDate = [&](size_t year, size_t month, size_t day) {
    return number(year, 4) >= 1900 && number(year, 4) < 2100 && number(month, 2) >= 1 &&
           number(month, 2) <= 12 && number(day, 2) >= 1 && number(day, 2) <= 31;
  };
  // 20240131 with or without the time behind it, 31012024, 01312024.
  bool written = isDate(0, 4, 6) || (text.size() == 8 && (isDate(4, 2, 0) || isDate(4, 0, 2)));
  constexpr std::string_view kPorts[] = {"8080", "8443", "9090", "3306", "5432", "6379", "9200", "5672"};
  bool ports = std::any_of(std::begin(kPorts), std::end(kPorts), [&](std::string_view port) {
    return text.find(port) != std::string_view::npos;
  });
  if (written || ports) return false;
  size_t up = 1;
  size_t down = 1;
  for (size_t i = 1; i < text.size(); ++i) {
    up = text[i] == text[i - 1] + 1 ? up + 1 : 1;
    down = text[i] == text[i - 1] - 1 ? down + 1 : 1;
    if (up >= 5 || down >= 5) return false;
  }
  size_t different = 0;
  for (char c = '0'; c <= '9'; ++c) {
    if (text.find(c) != std::string_view::npos) ++different;
  }
  return different >= 4 && text.substr(0, text.size() / 2) != text.substr(text.size() / 2);
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
