// TestAuthority: certificates for tests, made on the spot, good for an hour and for nobody else.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace firebreak {

struct TestIdentity {
  std::string certPem;
  std::string keyPem;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);

  const std::string& certPem() const { return own_.certPem; }
  // `altName`: "DNS:name" or "IP:127.0.0.1"; empty for a client's certificate.
  TestIdentity issue(const std::string& commonName, const std::string& altName = "") const;

 private:
  TestIdentity own_;
};

// What a server shows who it is with.
using ServerContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
ServerContext serverContext(const TestIdentity& identity);
// Of those who have a certificate of this authority, and of nobody else.
void demandClientCertificate(SSL_CTX* context, const std::string& authorityPem);

}  // namespace firebreak
