#include "remediate/rotate/postgres_connection.h"

#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <poll.h>

#include <cctype>
#include <chrono>
#include <cstring>
#include <map>

namespace firebreak::rotate {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kConnectDeadline{10};
// Without them a server that hangs holds a worker forever.
constexpr const char* kSessionOptions = "-c statement_timeout=15000 -c lock_timeout=10000";

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, FreeResult>;

// The first SQLSTATE in "FATAL:  28P01": all that is taken from a server's text.
std::string stateIn(const char* text) {
  std::string_view message(text == nullptr ? "" : text);
  for (size_t at = message.find(": "); at != std::string_view::npos;
       at = message.find(": ", at + 1)) {
    size_t start = message.find_first_not_of(": ", at);
    if (start == std::string_view::npos || start + 5 > message.size()) break;
    std::string_view state = message.substr(start, 5);
    bool ok = true;
    for (char c : state) {
      auto byte = static_cast<unsigned char>(c);
      ok = ok && (std::isdigit(byte) != 0 || std::isupper(byte) != 0);
    }
    bool ends = start + 5 == message.size() ||
                std::isalnum(static_cast<unsigned char>(message[start + 5])) == 0;
    if (ok && ends && std::isdigit(static_cast<unsigned char>(state[0])) != 0) {
      return std::string(state);
    }
  }
  return "";
}

Error errorOf(const std::string& state, const std::string& who, const std::string& what) {
  ErrorCode code = ErrorCode::kUnavailable;
  std::string detail = state.empty() ? "no answer" : "SQLSTATE " + state;
  if (state.starts_with("28")) {
    code = ErrorCode::kUnauthorized;
    detail = "refused (" + detail + ")";
  } else if (state.starts_with("42") || state.starts_with("0A") || state.starts_with("22")) {
    code = state == "42501" ? ErrorCode::kForbidden : ErrorCode::kInvalid;
  }
  return {code, who + ": " + what + ": " + detail, 0, std::chrono::milliseconds{0}};
}

// libpq's own time-out holds in its blocking form only.
bool await(PGconn* connection, PostgresPollingStatusType wanted, Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  if (left.count() <= 0) return false;
  pollfd entry{};
  entry.fd = PQsocket(connection);
  entry.events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  return poll(&entry, 1, static_cast<int>(left.count())) > 0;
}

}  // namespace

void PostgresConnection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Result<PostgresConnection> PostgresConnection::connect(const char* const* names,
                                                       const char* const* values,
                                                       std::string who) {
  Handle handle(PQconnectStartParams(names, values, 0));
  if (!handle) return tl::unexpected(errorOf("", who, "connect"));
  PQsetErrorVerbosity(handle.get(), PQERRORS_SQLSTATE);
  // Notices would go to stderr as they come.
  PQsetNoticeReceiver(handle.get(), [](void*, const PGresult*) {}, nullptr);
  auto deadline = Clock::now() + kConnectDeadline;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(handle.get()) != CONNECTION_BAD) {
    if (!await(handle.get(), state, deadline)) {
      return fail(ErrorCode::kUnavailable, who + ": connect: no answer in time");
    }
    state = PQconnectPoll(handle.get());
    if (state == PGRES_POLLING_OK) return PostgresConnection(std::move(handle), std::move(who));
    if (state == PGRES_POLLING_FAILED) break;
  }
  return tl::unexpected(errorOf(stateIn(PQerrorMessage(handle.get())), who, "log in"));
}

Result<PostgresConnection> PostgresConnection::open(const PostgresServer& server,
                                                    const std::string& role,
                                                    const SecretValue& password) {
  std::string port = std::to_string(server.port);
  // An empty passfile keeps a file in the image from answering for the credential.
  const char* names[] = {"host",     "port",    "dbname",           "user", "password",
                         "passfile", "options", "application_name", nullptr};
  const char* values[] = {server.host.c_str(), port.c_str(),   server.database.c_str(),
                          role.c_str(),        password.bytes().c_str(),
                          "/dev/null",         kSessionOptions, "firebreak", nullptr};
  return connect(names, values,
                 "PostgreSQL " + server.host + ":" + port + " as role " + role);
}

Result<PostgresConnection> PostgresConnection::openAdmin(const PostgresServer& server,
                                                         const SecretValue& access) {
  std::string who = "PostgreSQL " + server.host + ":" + std::to_string(server.port) +
                    " as the administrator of adminRef";
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(access.bytes().c_str(), nullptr), &PQconninfoFree);
  // libpq's text about it quotes the string.
  if (!parsed) return fail(ErrorCode::kInvalid, who + ": adminRef holds no connection string");
  std::map<std::string, const char*> settings;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) settings[option->keyword] = option->val;
  }
  std::string port = std::to_string(server.port);
  settings["host"] = server.host.c_str();
  settings["port"] = port.c_str();
  settings["dbname"] = server.database.c_str();
  settings["passfile"] = "/dev/null";
  settings["options"] = kSessionOptions;
  settings["application_name"] = "firebreak";
  settings.erase("hostaddr");
  settings.erase("service");
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : settings) {
    names.push_back(name.c_str());
    values.push_back(value);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return connect(names.data(), values.data(), std::move(who));
}

Result<std::vector<std::string>> PostgresConnection::query(
    const std::string& sql, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  ResultHandle result(PQexecParams(handle_.get(), sql.c_str(), static_cast<int>(values.size()),
                                   nullptr, values.data(), nullptr, nullptr, 0));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    return tl::unexpected(errorOf(state == nullptr ? "" : state, who_, "query"));
  }
  std::vector<std::string> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    rows.emplace_back(PQgetvalue(result.get(), row, 0));
  }
  return rows;
}

Status PostgresConnection::execute(std::string sql) {
  ResultHandle result(PQexec(handle_.get(), sql.c_str()));
  OPENSSL_cleanse(sql.data(), sql.size());
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    return tl::unexpected(errorOf(state == nullptr ? "" : state, who_, "change the role"));
  }
  return {};
}

Result<std::string> PostgresConnection::quoted(const std::string& identifier) {
  std::unique_ptr<char, decltype(&PQfreemem)> text(
      PQescapeIdentifier(handle_.get(), identifier.c_str(), identifier.size()), &PQfreemem);
  if (!text) return fail(ErrorCode::kInvalid, who_ + ": the role's name cannot be quoted");
  return std::string(text.get());
}

Result<SecretValue> PostgresConnection::verifier(const std::string& role,
                                                 const SecretValue& password) {
  char* text = PQencryptPasswordConn(handle_.get(), password.bytes().c_str(), role.c_str(),
                                     "scram-sha-256");
  if (text == nullptr) return fail(ErrorCode::kInternal, who_ + ": no SCRAM verifier could be made");
  SecretValue made{std::string(text)};
  OPENSSL_cleanse(text, std::strlen(text));
  PQfreemem(text);
  return made;
}

}  // namespace firebreak::rotate
