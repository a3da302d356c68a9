#include "support/test_pki.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace firebreak {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string textOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

std::string pemOf(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509(bio.get(), certificate);
  return textOf(bio.get());
}

std::string pemOf(EVP_PKEY* key) {
  Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return textOf(bio.get());
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) std::abort();
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate certificateOf(const std::string& pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free};
}

Key keyOf(const std::string& pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
}

TestIdentity make(const std::string& commonName, const std::string& altName,
                  const TestIdentity* authority) {
  static std::atomic<long> serial{1};
  Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  Certificate certificate(X509_new(), &X509_free);
  X509* x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, key.get());
  X509_NAME* subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(commonName.c_str()), -1, -1, 0);
  Certificate issuer(nullptr, &X509_free);
  Key issuerKey(nullptr, &EVP_PKEY_free);
  if (authority) {
    issuer = certificateOf(authority->certPem);
    issuerKey = keyOf(authority->keyPem);
  }
  X509* by = issuer ? issuer.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(by));
  extend(x, by, NID_basic_constraints, authority ? "CA:FALSE" : "critical,CA:TRUE");
  extend(x, by, NID_subject_key_identifier, "hash");
  if (!altName.empty()) extend(x, by, NID_subject_alt_name, altName);
  if (X509_sign(x, issuerKey ? issuerKey.get() : key.get(), EVP_sha256()) == 0) std::abort();
  return {pemOf(x), pemOf(key.get())};
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) : own_(make(name, "", nullptr)) {}

TestIdentity TestAuthority::issue(const std::string& commonName, const std::string& altName) const {
  return make(commonName, altName, &own_);
}

ServerContext serverContext(const TestIdentity& identity) {
  ServerContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), certificateOf(identity.certPem).get());
  SSL_CTX_use_PrivateKey(context.get(), keyOf(identity.keyPem).get());
  return context;
}

void demandClientCertificate(SSL_CTX* context, const std::string& authorityPem) {
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificateOf(authorityPem).get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace firebreak
