// FakeAws: the calls of IAM and STS that a key's rotation makes, in memory. A key is known by its id, no
// signature is checked. It counts what it is asked and fails where a test says so; the emulator with
// signatures is moto (tests/remediate/with-moto).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/scripted_server.h"

namespace firebreak::testing {

class FakeAws {
 public:
  struct Refusal {
    int status = 0;
    std::string code;  // AWS's own: "Throttling"
    bool done = false;  // the call has its effect all the same
    std::string text = "";  // for people, where the code alone does not tell
  };

  // Both are called while one call is answered; to be set between calls.
  std::function<std::optional<Refusal>(const std::string& action)> fault;
  // Whether STS takes a key that IAM has, or has not: what IAM does becomes known to it later.
  std::function<bool(const std::string& id, bool known)> takes = [](const std::string&, bool known) {
    return known;
  };

  std::string url() const { return server_.url() + "/"; }
  // A key of that user, as somebody else makes it.
  std::string addKey(const std::string& user) {
    std::lock_guard lock(mutex_);
    return make(user);
  }
  std::vector<std::string> keys(const std::string& user) const {
    std::lock_guard lock(mutex_);
    return keysOf(user);
  }
  int count(const std::string& action) const {
    std::lock_guard lock(mutex_);
    auto found = counts_.find(action);
    return found == counts_.end() ? 0 : found->second;
  }
  int calls() const {
    std::lock_guard lock(mutex_);
    int all = 0;
    for (const auto& [action, count] : counts_) all += count;
    return all;
  }
  // "CreateAccessKey 1, GetCallerIdentity 3"
  std::string told() const {
    std::lock_guard lock(mutex_);
    std::string text;
    for (const auto& [action, count] : counts_) {
      text += (text.empty() ? "" : ", ") + action + " " + std::to_string(count);
    }
    return text;
  }

 private:
  static std::map<std::string, std::string> formOf(const std::string& body) {
    std::map<std::string, std::string> form;
    std::istringstream parts(body);
    for (std::string part; std::getline(parts, part, '&');) {
      size_t equals = part.find('=');
      form[part.substr(0, equals)] = part.substr(equals + 1);
    }
    return form;
  }
  // "AWS4-HMAC-SHA256 Credential=AKIA1/20261130/..."
  static std::string signer(const ScriptedServer::Request& request) {
    constexpr std::string_view kMark = "Credential=";
    auto header = request.headers.find("authorization");
    if (header == request.headers.end()) return "";
    size_t at = header->second.find(kMark);
    if (at == std::string::npos) return "";
    at += kMark.size();
    return header->second.substr(at, header->second.find('/', at) - at);
  }

  std::string make(const std::string& user) {
    std::string id = "AKIA" + std::to_string(++made_);
    users_[id] = user;
    return id;
  }
  std::vector<std::string> keysOf(const std::string& user) const {
    std::vector<std::string> ids;
    for (const auto& [id, owner] : users_) {
      if (owner == user) ids.push_back(id);
    }
    return ids;
  }

  void serve(const ScriptedServer::Request& request, ScriptedServer::Connection& connection) {
    std::lock_guard lock(mutex_);
    auto form = formOf(request.body);
    const std::string& action = form["Action"];
    counts_[action] += 1;
    auto refusal = fault ? fault(action) : std::nullopt;
    auto answer = refusal && !refusal->done ? refuse(*refusal) : act(action, form, signer(request));
    if (refusal) answer = refuse(*refusal);
    connection.answer(answer.first, answer.second);
  }

  using Answer = std::pair<int, std::string>;
  static Answer refuse(const Refusal& refusal) {
    return {refusal.status, "<ErrorResponse><Error><Code>" + refusal.code + "</Code><Message>" +
                                refusal.text + "</Message></Error></ErrorResponse>"};
  }

  Answer act(const std::string& action, std::map<std::string, std::string>& form,
             const std::string& signer) {
    const std::string& user = form["UserName"];
    const std::string& id = form["AccessKeyId"];
    if (action == "GetCallerIdentity") {
      auto known = users_.find(signer);
      if (known != users_.end()) past_[signer] = known->second;
      if (!takes(signer, known != users_.end())) return refuse({403, "InvalidClientTokenId"});
      return {200, "<Arn>arn:aws:iam::123456789012:user/" + past_[signer] + "</Arn>"};
    }
    if (action == "ListAccessKeys") {
      std::string all;
      for (const std::string& each : keysOf(user)) all += "<AccessKeyId>" + each + "</AccessKeyId>";
      return {200, all};
    }
    if (action == "GetAccessKeyLastUsed") return {200, "<ServiceName>N/A</ServiceName>"};
    if (action == "CreateAccessKey") {
      if (keysOf(user).size() >= 2) return refuse({409, "LimitExceeded"});
      const std::string fresh = make(user);
      return {200, "<AccessKeyId>" + fresh + "</AccessKeyId><SecretAccessKey>secret-of-" + fresh +
                       "</SecretAccessKey>"};
    }
    if (!users_.contains(id)) return refuse({404, "NoSuchEntity"});
    past_[id] = users_[id];
    if (action == "DeleteAccessKey") users_.erase(id);
    return {200, ""};
  }

  mutable std::recursive_mutex mutex_;
  std::map<std::string, int> counts_;
  std::map<std::string, std::string> users_;  // key id -> user
  std::map<std::string, std::string> past_;   // whose a key is, or was
  int made_ = 0;
  ScriptedServer server_{[this](const auto& request, auto& connection) { serve(request, connection); }};
};

}  // namespace firebreak::testing
