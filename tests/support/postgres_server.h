// A real PostgreSQL server for one test binary: made by initdb in a temporary folder, on a free port
// of 127.0.0.1, SCRAM only, gone at the end. Needs Debian's postgresql-15 (or any other version).
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace firebreak::testing {

class PostgresServerProcess {
 public:
  // Empty where no server is installed.
  static std::string programs() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
      if (std::filesystem::exists(entry.path() / "bin/initdb")) return entry.path() / "bin";
    }
    return "";
  }

  PostgresServerProcess() {
    char name[] = "/tmp/firebreak-pg-XXXXXX";
    folder_ = ::mkdtemp(name);
    port_ = freePort();
    std::ofstream(folder_ + "/admin") << adminPassword();
    // The server does not run as root.
    if (::geteuid() == 0) {
      user_ = "setpriv --reuid=postgres --regid=postgres --clear-groups ";
      run("chown -R postgres:postgres " + folder_);
    }
    run(user_ + programs() + "/initdb -D " + folder_ + "/data -U postgres -A scram-sha-256 --pwfile=" +
        folder_ + "/admin --no-sync");
    start();
  }
  ~PostgresServerProcess() {
    stop();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  PostgresServerProcess(const PostgresServerProcess&) = delete;
  PostgresServerProcess& operator=(const PostgresServerProcess&) = delete;

  void start() {
    run(user_ + programs() + "/pg_ctl -w -D " + folder_ + "/data -l " + folder_ + "/log -o '-F -p " +
        std::to_string(port_) + " -c listen_addresses=127.0.0.1 -c log_statement=all -c log_connections=on" +
        " -c unix_socket_directories=" + folder_ + "' start");
  }
  void stop() { run(user_ + programs() + "/pg_ctl -w -m immediate -D " + folder_ + "/data stop"); }

  int port() const { return port_; }
  static std::string adminPassword() { return "admin-of-the-test-Qx7"; }
  std::string log() const {
    std::ifstream file(folder_ + "/log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  static void run(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) failed_ = command;
  }
  static int freePort() {
    int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  static inline std::string failed_;
  std::string folder_;
  std::string user_;
  int port_ = 0;
};

}  // namespace firebreak::testing
