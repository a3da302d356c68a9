#include "support/tls_server.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <cstdio>
#include <utility>

namespace firebreak {
namespace {

enum Frame : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7 };
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;
constexpr uint32_t kRefusedStream = 7;
constexpr size_t kPreface = 24;  // "PRI * HTTP/2.0..."

std::string bigEndian(uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}

uint32_t numberAt(const std::string& text, size_t at, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return value;
}

bool more(SSL* ssl, std::string* buffer) {
  char chunk[4096];
  const int size = SSL_read(ssl, chunk, sizeof chunk);
  if (size <= 0) return false;
  buffer->append(chunk, static_cast<size_t>(size));
  return true;
}

bool atLeast(SSL* ssl, std::string* buffer, size_t size) {
  while (buffer->size() < size) {
    if (!more(ssl, buffer)) return false;
  }
  return true;
}

int chooseProtocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                   unsigned inSize, void* wanted) {
  static const unsigned char h2[] = "\x02h2";
  static const unsigned char http1[] = "\x08http/1.1";
  const bool useHttp2 = wanted != nullptr;
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, size, useHttp2 ? h2 : http1,
                                          useHttp2 ? 3 : 9, in, inSize);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

void TlsServer::Connection::send(std::string_view bytes) {
  if (!open_ || bytes.empty()) return;
  if (SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) <= 0) open_ = false;
}

void TlsServer::Connection::frame(uint8_t type, uint8_t flags, uint32_t stream,
                                  std::string_view payload) {
  std::string bytes = bigEndian(static_cast<uint32_t>(payload.size()), 3);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  bytes += bigEndian(stream, 4);
  send(bytes + std::string(payload));
}

void TlsServer::Connection::head(uint32_t stream, int status) {
  if (!http2_) {
    return send("HTTP/1.1 " + std::to_string(status) + " X\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
  // A literal without indexing of the 8th name of the static table, ":status".
  frame(kHeaders, kEndHeaders, stream, std::string("\x08\x03", 2) + std::to_string(status));
}

void TlsServer::Connection::data(uint32_t stream, std::string_view bytes, bool last) {
  if (http2_) return frame(kData, last ? kEndStream : 0, stream, bytes);
  char size[32];
  if (!bytes.empty()) {
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    send(size + std::string(bytes) + "\r\n");
  }
  if (last) send("0\r\n\r\n");
}

void TlsServer::Connection::answer(uint32_t stream, int status, std::string_view body) {
  head(stream, status);
  data(stream, body, true);
}

void TlsServer::Connection::refuse(uint32_t stream) {
  frame(kReset, 0, stream, bigEndian(kRefusedStream, 4));
}

void TlsServer::Connection::goAway(uint32_t lastStream) {
  frame(kGoAway, 0, 0, bigEndian(lastStream, 4) + bigEndian(0, 4));
}

void TlsServer::Connection::close() {
  if (open_) shutdown(fd_, SHUT_RDWR);
  open_ = false;
}

TlsServer::TlsServer(Settings settings, Handler handler)
    : handler_(std::move(handler)),
      settings_(std::move(settings)),
      listener_([this](int fd) { serve(fd); }) {}

void TlsServer::change(Settings settings) {
  std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
}

int TlsServer::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

void TlsServer::serve(int fd) {
  Settings settings;
  {
    std::lock_guard lock(mutex_);
    settings = settings_;
  }
  static int marker = 0;
  const ServerContext context = serverContext(settings.identity);
  SSL_CTX_set_alpn_select_cb(context.get(), &chooseProtocol, settings.http2 ? &marker : nullptr);
  if (!settings.clientAuthority.empty()) {
    demandClientCertificate(context.get(), settings.clientAuthority);
  }
  Connection connection;
  connection.fd_ = fd;
  connection.ssl_ = SSL_new(context.get());
  SSL_set_fd(connection.ssl_, fd);
  if (SSL_accept(connection.ssl_) == 1) {
    {
      std::lock_guard lock(mutex_);
      connection.number_ = connections_++;
    }
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(connection.ssl_, &protocol, &size);
    connection.http2_ = size == 2;
    const char* name = SSL_get_servername(connection.ssl_, TLSEXT_NAMETYPE_host_name);
    connection.serverName_ = name ? name : "";
    if (X509* peer = SSL_get1_peer_certificate(connection.ssl_)) {
      char text[256] = "";
      X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, text, sizeof text);
      connection.clientName_ = text;
      X509_free(peer);
    }
    connection.http2_ ? serveHttp2(connection) : serveHttp1(connection);
  }
  ERR_clear_error();
  SSL_free(connection.ssl_);
}

void TlsServer::serveHttp2(Connection& connection) {
  std::string in;
  if (!atLeast(connection.ssl_, &in, kPreface)) return;
  in.erase(0, kPreface);
  connection.frame(kSettings, 0, 0, "");
  while (connection.open_ && atLeast(connection.ssl_, &in, 9)) {
    const size_t size = numberAt(in, 0, 3);
    if (!atLeast(connection.ssl_, &in, 9 + size)) return;
    const auto type = static_cast<uint8_t>(in[3]);
    const auto flags = static_cast<uint8_t>(in[4]);
    const uint32_t stream = numberAt(in, 5, 4);
    const std::string payload = in.substr(9, size);
    in.erase(0, 9 + size);
    if (type == kSettings && !(flags & kAck)) connection.frame(kSettings, kAck, 0, "");
    if (type == kPing && !(flags & kAck)) connection.frame(kPing, kAck, 0, payload);
    // A request with a body ends with its data.
    const bool request = type == kHeaders || type == kData;
    if (request && (flags & kEndStream)) handler_(connection, stream);
  }
}

void TlsServer::serveHttp1(Connection& connection) {
  std::string in;
  uint32_t stream = 1;
  while (connection.open_) {
    size_t end = 0;
    while ((end = in.find("\r\n\r\n")) == std::string::npos) {
      if (!more(connection.ssl_, &in)) return;
    }
    connection.requestLine_ = in.substr(0, in.find("\r\n"));
    in.erase(0, end + 4);  // tests send no bodies here
    handler_(connection, stream);
    stream += 2;
  }
}

}  // namespace firebreak
