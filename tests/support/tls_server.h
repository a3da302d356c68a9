// TlsServer: a server on loopback that speaks TLS and as much of HTTP/2 and HTTP/1.1 as a test needs
// to send exact frames: it does not read header blocks, so a handler knows a request by its place.
// Identity, trusted clients and protocol may be changed while it runs.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "support/loopback_listener.h"
#include "support/test_pki.h"

namespace firebreak {

class TlsServer {
 public:
  class Connection {
   public:
    int number() const { return number_; }  // from 0, in the order of handshakes
    const std::string& serverName() const { return serverName_; }  // that the client asked for
    const std::string& clientName() const { return clientName_; }  // of its certificate
    bool http2() const { return http2_; }
    const std::string& requestLine() const { return requestLine_; }  // HTTP/1.1 only

    void send(std::string_view bytes);
    // A whole answer, in the connection's protocol.
    void answer(uint32_t stream, int status, std::string_view body);
    // An answer without its end; data() adds to it.
    void head(uint32_t stream, int status);
    void data(uint32_t stream, std::string_view bytes, bool last = false);
    // HTTP/2: REFUSED_STREAM, and GOAWAY that disowns every stream after `lastStream`.
    void refuse(uint32_t stream);
    void goAway(uint32_t lastStream);
    void close();

   private:
    friend class TlsServer;
    void frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload);
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    int number_ = 0;
    bool http2_ = false;
    bool open_ = true;
    std::string serverName_;
    std::string clientName_;
    std::string requestLine_;
  };

  struct Settings {
    TestIdentity identity;
    std::string clientAuthority;  // PEM; clients need a certificate of it. Empty = none is asked for
    bool http2 = true;
  };
  // Called for each request: its connection, its stream (HTTP/1.1: 1, 3, 5...).
  using Handler = std::function<void(Connection&, uint32_t stream)>;

  TlsServer(Settings settings, Handler handler);
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  void change(Settings settings);  // for connections from now on
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port()); }
  int port() const { return listener_.port(); }
  int connections() const;
  // Ends every connection.
  void cutAll() { listener_.cutAll(); }

 private:
  void serve(int fd);
  void serveHttp2(Connection& connection);
  void serveHttp1(Connection& connection);

  const Handler handler_;
  mutable std::mutex mutex_;
  Settings settings_;
  int connections_ = 0;
  LoopbackListener listener_;  // last: its threads use the rest
};

}  // namespace firebreak
