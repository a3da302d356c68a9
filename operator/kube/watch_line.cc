#include "kube/watch_line.h"

namespace firebreak::kube {
namespace {

// Beyond this a buffer is given back after its line.
constexpr size_t kKeepBytes = size_t{256} << 10;

struct TypeName {
  std::string_view name;
  WatchLine::Type type;
};

constexpr TypeName kTypes[] = {
    {"ADDED", WatchLine::Type::kAdded},     {"MODIFIED", WatchLine::Type::kModified},
    {"DELETED", WatchLine::Type::kDeleted}, {"BOOKMARK", WatchLine::Type::kBookmark},
    {"ERROR", WatchLine::Type::kError},
};

bool isBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// metadata.resourceVersion, and the annotation that ends a streaming list. False where the object
// is damaged.
bool readMetadata(simdjson::ondemand::object& object, WatchLine* out) {
  simdjson::ondemand::object metadata;
  const auto error = object.find_field_unordered("metadata").get_object().get(metadata);
  if (error == simdjson::NO_SUCH_FIELD || error == simdjson::INCORRECT_TYPE) return true;
  if (error) return false;
  for (auto entry : metadata) {
    std::string_view key;
    if (entry.unescaped_key().get(key)) return false;
    if (key == "resourceVersion") {
      std::string_view version;
      if (!entry.value().get_string().get(version)) out->resourceVersion = version;
    } else if (key == "annotations" && out->type == WatchLine::Type::kBookmark) {
      std::string_view end;
      if (!entry.value().find_field_unordered("k8s.io/initial-events-end").get_string().get(end)) {
        out->initialEventsEnd = end == "true";
      }
    }
  }
  return true;
}

}  // namespace

bool LineFramer::take(std::string_view part, bool complete, std::string_view* line, bool* whole) {
  if (skipping_ || partial_.size() + part.size() > max_) {
    if (!skipping_) {
      ++oversized_;
      partial_ += part.substr(0, max_ - partial_.size());
    }
    skipping_ = !complete;
    *line = partial_;
    *whole = false;
    return complete;
  }
  if (!complete) {
    partial_ += part;
    return false;
  }
  if (partial_.empty()) {
    *line = part;
  } else {
    partial_ += part;
    *line = partial_;
  }
  if (!isBlank(*line)) return true;
  partial_.clear();
  return false;
}

void LineFramer::release() {
  partial_.clear();
  if (partial_.capacity() > kKeepBytes) partial_.shrink_to_fit();
}

void LineFramer::reset() {
  skipping_ = false;
  release();
}

std::optional<WatchLine> readWatchLine(PaddedJson& space, std::string_view line) {
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  if (space.parser.iterate(space.copy(line)).get(document) || document.get_object().get(root)) {
    return std::nullopt;
  }
  WatchLine out;
  std::string_view type;
  if (root.find_field_unordered("type").get_string().get(type)) return std::nullopt;
  for (const TypeName& known : kTypes) {
    if (known.name == type) out.type = known.type;
  }
  simdjson::ondemand::object object;
  if (root.find_field_unordered("object").get_object().get(object)) return std::nullopt;
  bool notEmpty = false;
  if (out.type != WatchLine::Type::kError) {
    if (!readMetadata(object, &out)) return std::nullopt;
    if (object.reset().get(notEmpty)) return std::nullopt;
  }
  if (object.raw_json().get(out.object)) return std::nullopt;
  return out;
}

}  // namespace firebreak::kube
