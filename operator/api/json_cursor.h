// JsonCursor: reading simdjson on-demand values without exceptions. A value of the wrong type reads
// as "not there"; damage to the text itself is remembered, so that the caller can refuse the whole.
// Only for .cc files of projections. One thread at a time; the buffer and parser are the thread's.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/observed.h"
#include "firebreak/result.h"

namespace firebreak {

using JsonValue = simdjson::ondemand::value;

class JsonCursor {
 public:
  // True while the text read so far was JSON.
  bool intact() const { return error_ == simdjson::SUCCESS; }
  const char* problem() const { return simdjson::error_message(error_); }

  // f(key, value) for every member; nothing where `value` is no object.
  template <class F>
  void eachField(JsonValue value, F&& f) {
    simdjson::ondemand::object object;
    if (!take(value.get_object(), &object)) return;
    eachFieldOf(object, f);
  }
  template <class F>
  void eachFieldOf(simdjson::ondemand::object& object, F&& f) {
    for (auto entry : object) {
      simdjson::ondemand::field field;
      std::string_view key;
      if (!take(std::move(entry), &field) || !take(field.unescaped_key(), &key)) return;
      f(key, field.value());
      if (!intact()) return;
    }
  }
  // f(index, value) for every element; nothing where `value` is no array.
  template <class F>
  void eachItem(JsonValue value, F&& f) {
    simdjson::ondemand::array array;
    if (!take(value.get_array(), &array)) return;
    size_t index = 0;
    for (auto entry : array) {
      JsonValue item;
      if (!take(std::move(entry), &item)) return;
      f(index++, item);
      if (!intact()) return;
    }
  }

  std::string text(JsonValue value) {
    std::string_view view;
    return take(value.get_string(), &view) ? std::string(view) : std::string();
  }
  bool flag(JsonValue value) {
    bool is = false;
    return take(value.get_bool(), &is) && is;
  }
  int32_t number(JsonValue value) {
    int64_t wide = 0;
    if (!take(value.get_int64(), &wide)) return 0;
    return wide < INT32_MIN || wide > INT32_MAX ? 0 : static_cast<int32_t>(wide);
  }
  // A string, or a number as it is written: ports and quantities come in both forms.
  std::string textOrNumber(JsonValue value) {
    simdjson::ondemand::json_type type{};
    if (!take(value.type(), &type)) return "";
    if (type == simdjson::ondemand::json_type::string) return text(value);
    if (type != simdjson::ondemand::json_type::number) return "";
    std::string_view token = value.raw_json_token();
    while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                              token.back() == '\t')) {
      token.remove_suffix(1);
    }
    return std::string(token);
  }
  // Text of any scalar: manifests hold numbers and booleans where the API wants strings, and people
  // mean what is written.
  std::string scalar(JsonValue value) {
    simdjson::ondemand::json_type type{};
    if (!take(value.type(), &type)) return "";
    if (type == simdjson::ondemand::json_type::boolean) return flag(value) ? "true" : "false";
    return textOrNumber(value);
  }
  // A list of them, or one alone.
  std::vector<std::string> scalars(JsonValue value) {
    simdjson::ondemand::json_type type{};
    if (!take(value.type(), &type)) return {};
    std::vector<std::string> all;
    if (type == simdjson::ondemand::json_type::string) {
      all.push_back(text(value));
    } else if (type == simdjson::ondemand::json_type::array) {
      eachItem(value, [&](size_t, JsonValue item) { all.push_back(scalar(item)); });
    }
    return all;
  }
  std::vector<std::string> texts(JsonValue value) {
    std::vector<std::string> all;
    eachItem(value, [&](size_t, JsonValue item) {
      std::string_view view;
      if (take(item.get_string(), &view)) all.emplace_back(view);
    });
    return all;
  }
  StringMap map(JsonValue value) {
    StringMap all;
    eachField(value, [&](std::string_view key, JsonValue item) {
      std::string name(key);  // the key's bytes may be reused by the value
      std::string_view view;
      if (take(item.get_string(), &view)) all.insert_or_assign(std::move(name), std::string(view));
    });
    return all;
  }

  template <class T>
  bool take(simdjson::simdjson_result<T>&& result, T* out) {
    const simdjson::error_code error = std::move(result).get(*out);
    if (error == simdjson::SUCCESS) return true;
    const bool typeOnly = error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR ||
                          error == simdjson::NUMBER_OUT_OF_RANGE ||
                          error == simdjson::NO_SUCH_FIELD || error == simdjson::STRING_ERROR;
    if (!typeOnly && intact()) error_ = error;
    return false;
  }

 private:
  simdjson::error_code error_ = simdjson::SUCCESS;
};

// A parsed document over a padded copy of the text; reuses the thread's buffer and parser, so there
// is at most one alive per thread.
class JsonText {
 public:
  explicit JsonText(std::string_view json) : space_(space()) {
    const size_t need = json.size() + simdjson::SIMDJSON_PADDING;
    if (space_.size < need) {
      space_.bytes = std::make_unique<char[]>(need);
      space_.size = need;
    }
    if (!json.empty()) std::memcpy(space_.bytes.get(), json.data(), json.size());
    std::memset(space_.bytes.get() + json.size(), 0, simdjson::SIMDJSON_PADDING);
    error_ =
        space_.parser
            .iterate(simdjson::padded_string_view(space_.bytes.get(), json.size(), space_.size))
            .get(document_);
  }
  ~JsonText() {
    // One huge object must not hold its memory for ever.
    if (space_.size <= kKeepBytes) return;
    space_.bytes.reset();
    space_.size = 0;
    space_.parser = simdjson::ondemand::parser();
  }
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;

  // The whole as an object; may be asked for again, which starts from the front.
  bool object(JsonCursor& cursor, simdjson::ondemand::object* out) {
    if (error_ != simdjson::SUCCESS) return false;
    document_.rewind();
    return cursor.take(document_.get_object(), out);
  }

 private:
  static constexpr size_t kKeepBytes = size_t{512} << 10;
  struct Space {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    simdjson::ondemand::parser parser;
  };
  static Space& space() {
    thread_local Space instance;
    return instance;
  }

  Space& space_;
  simdjson::ondemand::document document_;
  simdjson::error_code error_ = simdjson::SUCCESS;
};

// Runs read(cursor, key, value) over the members of the object; `what` is for the error.
template <class F>
Status readObject(std::string_view json, const char* what, F&& read) {
  JsonText text(json);
  JsonCursor cursor;
  simdjson::ondemand::object object;
  const bool isObject = text.object(cursor, &object);
  if (isObject) cursor.eachFieldOf(object, [&](auto key, auto field) { read(cursor, key, field); });
  if (isObject && cursor.intact()) return {};
  return fail(ErrorCode::kInvalid, std::string("read ") + what + ": not a JSON object (" +
                                       (cursor.intact() ? "other type" : cursor.problem()) + ")");
}

}  // namespace firebreak
