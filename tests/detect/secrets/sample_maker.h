// Makes credentials that are none, at run time and from pieces, so that the repository holds
// nothing that looks like a live one. A form is text with <class:count> for random characters: d
// digits, h lower hex, l lower+digit, u upper+digit, a letters and digits, b base64url, s base64, x
// bech32; <crc62> is a checksum over the random run before, <_crc16> over all the text before. "~"
// stands for nothing and breaks up prefixes; "@" after "sha" is a tilde.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <zlib.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace firebreak::testing {

class SampleMaker {
 public:
  explicit SampleMaker(unsigned seed = 7) : random_(seed) {}

  std::string run(std::string_view alphabet, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += alphabet[random_() % alphabet.size()];
    return text;
  }

  std::string octets(size_t count) {
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(random_() & 0xffU);
    return bytes;
  }

  std::string make(std::string_view form) {
    std::string text;
    std::string last;
    for (size_t i = 0; i < form.size(); ++i) {
      if (form[i] == '~') continue;
      if (form[i] != '<') {
        text += form[i] == '@' && form.starts_with("sha") ? '~' : form[i];
        continue;
      }
      size_t end = form.find('>', i);
      std::string_view piece = form.substr(i + 1, end - i - 1);
      i = end;
      if (piece == "_crc16") {
        text += '_' + checksum16(text);
      } else if (piece == "crc62") {
        text += base62(crcOf(last));
      } else {
        last = run(alphabet(piece[0]), std::stoul(std::string(piece.substr(2))));
        text += last;
      }
    }
    return text;
  }

  std::string privateKeyPem() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
  }

  static std::string base64Url(std::string_view text) {
    std::string encoded = base64Encode(text);
    while (encoded.ends_with('=')) encoded.pop_back();
    for (char& c : encoded) {
      if (c == '+') c = '-';
      if (c == '/') c = '_';
    }
    return encoded;
  }

  std::string jwt(std::string_view claims,
                  std::string_view header = R"({"alg":"RS256","typ":"JWT"})") {
    return base64Url(header) + "." + base64Url(claims) + "." + make("<b:86>");
  }

  static std::string gzip(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(text.size() + 128, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

 private:
  static std::string_view alphabet(char name) {
    switch (name) {
      case 'd':
        return "0123456789";
      case 'h':
        return "0123456789abcdef";
      case 'l':
        return "abcdefghijklmnopqrstuvwxyz0123456789";
      case 'L':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
      case 'u':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
      case 't':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
      case 'q':
        return "abcdefghijklmnopqrstuvwxyz234567";
      case 'b':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      case 's':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      case 'x':
        return "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
      default:
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    }
  }
  static std::string checksum16(std::string_view text) {
    std::string bytes;
    for (uint32_t sum = crcOf(text), i = 0; i < 4; ++i, sum >>= 8U) {
      bytes += static_cast<char>(sum & 0xffU);
    }
    return hexEncode(bytes);
  }
  static uint32_t crcOf(std::string_view text) {
    return static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
  }
  static std::string base62(uint32_t value) {
    constexpr std::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string text(6, '0');
    for (size_t i = 6; i-- > 0; value /= 62) text[i] = kDigits[value % 62];
    return text;
  }

  std::mt19937 random_;
};

}  // namespace firebreak::testing
