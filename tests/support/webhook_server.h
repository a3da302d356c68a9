// An HTTPS server on 127.0.0.1 with a certificate of its own making; answers are the test's. One
// connection at a time, one request each. Joined by the destructor.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace firebreak::testing {

class WebhookServer {
 public:
  struct Request {
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;
  };
  // The bytes of the answer, head and all; empty = the connection is cut.
  using Handler = std::function<std::string(const Request&)>;

  explicit WebhookServer(Handler handler) : handler_(std::move(handler)) {
    ::signal(SIGPIPE, SIG_IGN);  // a client that has read enough hangs up amid an answer
    makeCertificate();
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(listener_, 8);
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~WebhookServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  WebhookServer(const WebhookServer&) = delete;
  WebhookServer& operator=(const WebhookServer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/rotate"; }
  const std::string& certificate() const { return pem_; }
  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  static std::string answer(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  }

 private:
  void makeCertificate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME* name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("webhook"), -1, -1, 0);
    X509_set_issuer_name(cert, name);
    for (auto [id, value] : {std::pair{NID_subject_alt_name, "IP:127.0.0.1"},
                             std::pair{NID_basic_constraints, "critical,CA:TRUE"}}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
      X509_add_ext(cert, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(cert, key, EVP_sha256());
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, cert);
    SSL_CTX_use_PrivateKey(context_, key);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, cert);
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    pem_.assign(data, static_cast<size_t>(size));
    BIO_free(bio);
    X509_free(cert);
    EVP_PKEY_free(key);
  }

  void serve() {
    while (!stopping_) {
      int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      SSL* ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) == 1) exchange(ssl);
      SSL_free(ssl);
      ::close(fd);
    }
  }

  void exchange(SSL* ssl) {
    std::string text;
    Request request;
    size_t length = 0;
    size_t head = std::string::npos;
    char chunk[4096];
    while (head == std::string::npos || text.size() < head + 4 + length) {
      int count = SSL_read(ssl, chunk, sizeof(chunk));
      if (count <= 0) return;
      text.append(chunk, static_cast<size_t>(count));
      if (head == std::string::npos && (head = text.find("\r\n\r\n")) != std::string::npos) {
        parseHead(text.substr(0, head), &request);
        length = std::stoul("0" + request.headers["content-length"]);
      }
    }
    request.body = text.substr(head + 4);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    std::string answer = handler_(request);
    if (!answer.empty()) SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl);
  }

  static void parseHead(const std::string& text, Request* request) {
    for (size_t at = text.find("\r\n"); at != std::string::npos;) {
      size_t start = at + 2;
      size_t end = text.find("\r\n", start);
      std::string line = text.substr(start, end == std::string::npos ? end : end - start);
      size_t colon = line.find(": ");
      if (colon != std::string::npos) {
        std::string name = line.substr(0, colon);
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        request->headers[name] = line.substr(colon + 2);
      }
      at = end;
    }
  }

  const Handler handler_;
  SSL_CTX* context_ = nullptr;
  std::string pem_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

}  // namespace firebreak::testing
