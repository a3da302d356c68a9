// One session on a PostgreSQL server, over libpq. Errors say host, role and SQLSTATE, and never what
// the server or a statement said: those may hold a verifier. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "firebreak/result.h"
#include "firebreak/rotator.h"

struct pg_conn;

namespace firebreak::rotate {

struct PostgresServer {
  std::string host;
  int64_t port = 5432;
  std::string database = "postgres";
};

class PostgresConnection {
 public:
  // kUnauthorized: the server refuses this role or password. kUnavailable: no answer, or not now.
  static Result<PostgresConnection> open(const PostgresServer& server, const std::string& role,
                                         const SecretValue& password);
  // As the administrator: `access` is a connection string or URI with user and password; where it
  // names host, port or database, the server's win. TLS settings in it hold too.
  static Result<PostgresConnection> openAdmin(const PostgresServer& server,
                                              const SecretValue& access);

  // The rows' first column.
  Result<std::vector<std::string>> query(const std::string& sql,
                                         const std::vector<std::string>& parameters = {});
  // A statement that holds a verifier: wiped afterwards.
  Status execute(std::string sql);
  // "role" -> "\"role\"".
  Result<std::string> quoted(const std::string& identifier);
  // The SCRAM verifier of the password, made here: the password itself is never sent.
  Result<SecretValue> verifier(const std::string& role, const SecretValue& password);

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  using Handle = std::unique_ptr<pg_conn, Close>;
  PostgresConnection(Handle handle, std::string who)
      : handle_(std::move(handle)), who_(std::move(who)) {}
  static Result<PostgresConnection> connect(const char* const* names, const char* const* values,
                                            std::string who);

  Handle handle_;
  std::string who_;
};

}  // namespace firebreak::rotate
