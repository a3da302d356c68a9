// Packer and Unpacker: values to a compact byte string and back. A struct is packed by the fields
// that fieldsOf() ties together, so that both directions follow one list. Internal to api/: the
// bytes never leave the process. Stateless.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "firebreak/clock.h"

namespace firebreak {

class Packer {
 public:
  template <class... T>
  void add(const T&... values) {
    (put(values), ...);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void put(const std::string& text) {
    number(text.size());
    bytes_ += text;
  }
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void put(const T& value) {
    number(static_cast<uint64_t>(value));
  }
  void put(const WallTime& time) { number(static_cast<uint64_t>(time.time_since_epoch().count())); }
  template <class T>
  void put(const std::vector<T>& list) {
    number(list.size());
    for (const T& item : list) put(item);
  }
  void put(const std::map<std::string, std::string>& map) {
    number(map.size());
    for (const auto& [key, value] : map) add(key, value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& both) {
    add(both.first, both.second);
  }
  template <class T>
    requires requires(const T& t) { fieldsOf(t); }
  void put(const T& value) {
    std::apply([this](const auto&... fields) { add(fields...); }, fieldsOf(value));
  }

  std::string bytes_;
};

// Reads what a Packer wrote, in the same order.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <class... T>
  void take(T&... values) {
    (get(values), ...);
  }

 private:
  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0; !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  void get(std::string& text) {
    const size_t size = number();
    text.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  void get(std::string_view& text) {  // into the packed bytes
    const size_t size = number();
    text = bytes_.substr(0, size);
    bytes_.remove_prefix(text.size());
  }
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void get(T& value) {
    value = static_cast<T>(number());
  }
  void get(WallTime& time) {
    time = WallTime(WallTime::duration(static_cast<WallTime::rep>(number())));
  }
  template <class T>
  void get(std::vector<T>& list) {
    list.resize(number());
    for (T& item : list) get(item);
  }
  void get(std::map<std::string, std::string>& map) {
    for (size_t left = number(); left > 0; --left) {
      std::string key;
      get(key);
      get(map[std::move(key)]);
    }
  }
  template <class A, class B>
  void get(std::pair<A, B>& both) {
    take(both.first, both.second);
  }
  template <class T>
    requires requires(T& t) { fieldsOf(t); }
  void get(T& value) {
    std::apply([this](auto&... fields) { take(fields...); }, fieldsOf(value));
  }

  std::string_view bytes_;
};

}  // namespace firebreak
