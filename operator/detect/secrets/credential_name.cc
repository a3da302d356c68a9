#include "detect/secrets/credential_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace firebreak::detect {
namespace {

// "dbPassword", "DB_PASSWORD", "db.password" -> {"db", "password"}.
std::vector<std::string> wordsOf(std::string_view name) {
  std::vector<std::string> words;
  bool fresh = true;
  for (size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    if (std::isalnum(c) == 0) {
      fresh = true;
      continue;
    }
    bool afterLower = i > 0 && std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
    bool beforeLower = i + 1 < name.size() && i > 0 &&
                       std::isupper(static_cast<unsigned char>(name[i - 1])) != 0 &&
                       std::islower(static_cast<unsigned char>(name[i + 1])) != 0;
    if (std::isupper(c) != 0 && (afterLower || beforeLower)) fresh = true;
    if (fresh) words.emplace_back();
    fresh = false;
    words.back() += static_cast<char>(std::tolower(c));
  }
  return words;
}

struct Ending {
  std::string_view text;  // the last words without their separators
  CredentialSort sort;
};

// A name that ends so, however its words are joined.
constexpr Ending kEndings[] = {
    {"password", CredentialSort::kPassword},    {"passwd", CredentialSort::kPassword},
    {"passwort", CredentialSort::kPassword},    {"passphrase", CredentialSort::kPassword},
    {"passcode", CredentialSort::kPassword},    {"requirepass", CredentialSort::kPassword},
    {"masterauth", CredentialSort::kPassword},  {"userpass", CredentialSort::kPassword},
    {"dbpass", CredentialSort::kPassword},      {"credentials", CredentialSort::kSecret},
    {"apikey", CredentialSort::kKey},           {"secretkey", CredentialSort::kKey},
    {"accesskeysecret", CredentialSort::kKey},  {"secretaccesskey", CredentialSort::kKey},
    {"privatekey", CredentialSort::kKey},       {"encryptionkey", CredentialSort::kKey},
    {"encryptkey", CredentialSort::kKey},       {"signingkey", CredentialSort::kKey},
    {"masterkey", CredentialSort::kKey},        {"authkey", CredentialSort::kKey},
    {"accountkey", CredentialSort::kKey},       {"storagekey", CredentialSort::kKey},
    {"storageaccesskey", CredentialSort::kKey}, {"licensekey", CredentialSort::kKey},
    {"adminkey", CredentialSort::kKey},         {"consumerkey", CredentialSort::kKey},
    {"fernetkey", CredentialSort::kKey},        {"recordkey", CredentialSort::kKey},
    {"routingkey", CredentialSort::kKey},       {"writekey", CredentialSort::kKey},
    {"certificatekey", CredentialSort::kKey},   {"sdkkey", CredentialSort::kKey},
    {"ingestionkey", CredentialSort::kKey},     {"webhookkey", CredentialSort::kKey},
    {"smtppass", CredentialSort::kPassword},    {"mailpass", CredentialSort::kPassword},
    {"mysqlpass", CredentialSort::kPassword},   {"postgrespass", CredentialSort::kPassword},
    {"redispass", CredentialSort::kPassword},   {"adminpass", CredentialSort::kPassword},
    {"rootpass", CredentialSort::kPassword},    {"bindpass", CredentialSort::kPassword},
    {"sshpass", CredentialSort::kPassword},     {"ftppass", CredentialSort::kPassword},
    {"authpass", CredentialSort::kPassword},    {"defaultpass", CredentialSort::kPassword},
    {"authtoken", CredentialSort::kToken},      {"jointoken", CredentialSort::kToken},
    {"sharedkey", CredentialSort::kKey},        {"hmackey", CredentialSort::kKey},
    {"jwtkey", CredentialSort::kKey},           {"sessionkey", CredentialSort::kKey},
    {"servicekey", CredentialSort::kKey},       {"applicationkey", CredentialSort::kKey},
    {"appkey", CredentialSort::kKey},           {"deploykey", CredentialSort::kKey},
    {"restuserkey", CredentialSort::kKey},      {"erlangcookie", CredentialSort::kSecret},
    {"secretkeybase", CredentialSort::kKey},    {"integrationkey", CredentialSort::kKey},
    {"subscriptionkey", CredentialSort::kKey},  {"functionkey", CredentialSort::kKey},
    {"clientsecret", CredentialSort::kSecret},  {"appsecret", CredentialSort::kSecret},
    {"apisecret", CredentialSort::kSecret},     {"jwtsecret", CredentialSort::kSecret},
    {"cookiesecret", CredentialSort::kSecret},  {"sessionsecret", CredentialSort::kSecret},
    {"accesstoken", CredentialSort::kToken},    {"authtoken", CredentialSort::kToken},
    {"apitoken", CredentialSort::kToken},       {"bottoken", CredentialSort::kToken},
    {"refreshtoken", CredentialSort::kToken},   {"bearertoken", CredentialSort::kToken},
    {"authtok", CredentialSort::kPassword},     {"bindpw", CredentialSort::kPassword},
    {"storepass", CredentialSort::kPassword},   {"keypass", CredentialSort::kPassword},
    {"vaultsecretid", CredentialSort::kSecret}, {"approlesecretid", CredentialSort::kSecret},
    {"oauth2bearer", CredentialSort::kToken},
    {"messagebirdaccesskey", CredentialSort::kKey}, {"logicaccesskey", CredentialSort::kKey},
    {"setupkey", CredentialSort::kKey},         {"insertkey", CredentialSort::kKey},
    {"honeycombteam", CredentialSort::kToken},  {"bindcredential", CredentialSort::kPassword},
    {"mnemonic", CredentialSort::kSecret},      {"seedphrase", CredentialSort::kSecret},
};

// These only as a word of their own.
constexpr Ending kLastWords[] = {
    {"pass", CredentialSort::kPassword}, {"pwd", CredentialSort::kPassword},
    {"pw", CredentialSort::kPassword},   {"token", CredentialSort::kToken},
    {"pat", CredentialSort::kToken},     {"secret", CredentialSort::kSecret},
    {"creds", CredentialSort::kSecret},  {"credential", CredentialSort::kSecret},
    {"psk", CredentialSort::kPassword},  {"encrypt", CredentialSort::kKey},
    {"pswd", CredentialSort::kPassword}, {"psswd", CredentialSort::kPassword},
    {"paswd", CredentialSort::kPassword}, {"psw", CredentialSort::kPassword},
};

// "next token", "bos token", "public api key": not credentials.
constexpr std::string_view kHarmlessBefore[] = {
    "next",   "continue", "page", "pagination", "cancel", "bos",     "eos",     "pad",
    "unk",    "sep",      "mask", "cls",        "stop",   "start",   "end",     "max",
    "min",    "num",      "sync", "special",    "csrf",   "xsrf",    "public",  "publishable",
    "image",  "tls",      "no",   "anon",       "pull",   "invalid", "expired", "existing",
    "enable", "disable", "authenticity",  "use",  "show"};

// Endings that say no more about the value.
constexpr std::string_view kTails[] = {
    "value",    "prod", "production", "dev",     "staging",   "test",  "old",  "new", "current",
    "previous", "b64",  "base64",     "hex",     "encoded",   "private",
    "primary", "secondary", "plain", "text", "raw", "live"};

bool contains(std::string_view word, const auto& table) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

bool isNumber(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::optional<CredentialSort> credentialSort(std::string_view name) {
  if (name.empty() || name.size() > 200) return std::nullopt;
  // An Azure request's authorization, not the key that signed it.
  if (name == "SharedKey" || name == "SharedKeyLite") return std::nullopt;
  std::vector<std::string> words = wordsOf(name);
  while (words.size() > 1 && (isNumber(words.back()) || contains(words.back(), kTails))) {
    words.pop_back();
  }
  if (words.empty()) return std::nullopt;
  for (const std::string& word : words) {
    if (word == "public" || word == "publishable" || word == "htpasswd" || word == "checksum" || word == "hash" ||
        word == "hashed") {
      return std::nullopt;
    }
  }
  if (words.size() > 1 && contains(words[words.size() - 2], kHarmlessBefore)) return std::nullopt;
  // Vault's SecretID; what else ends so is the id of a secret.
  if (words.size() == 2 && words[0] == "secret" && words[1] == "id") return CredentialSort::kSecret;
  for (const Ending& ending : kLastWords) {
    if (words.back() == ending.text) return ending.sort;
  }
  std::string joined;
  for (const std::string& word : words) joined += word;
  for (const Ending& ending : kEndings) {
    if (joined.ends_with(ending.text)) return ending.sort;
  }
  return std::nullopt;
}

std::string_view toString(CredentialSort sort) {
  constexpr std::array<std::string_view, 4> kNames = {"password", "token", "secret", "key"};
  return kNames.at(static_cast<size_t>(sort));
}

}  // namespace firebreak::detect
