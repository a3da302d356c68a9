#include "kube/list_page.h"

namespace firebreak::kube {
namespace {

std::string text(simdjson::simdjson_result<simdjson::ondemand::value> value) {
  std::string_view view;
  return value.get_string().get(view) ? std::string() : std::string(view);
}

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kUnavailable, "the list is no JSON or was cut");
}

}  // namespace

Result<ListPage> readListPage(PaddedJson& space, std::string_view body,
                              const std::function<void(std::string_view)>& onItem) {
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  if (space.parser.iterate(space.copy(body)).get(document) || document.get_object().get(root)) {
    return damaged();
  }
  ListPage page;
  std::string kind = text(root.find_field_unordered("kind"));
  const std::string apiVersion = text(root.find_field_unordered("apiVersion"));
  if (kind.ends_with("List")) kind.resize(kind.size() - 4);
  simdjson::ondemand::object metadata;
  if (!root.find_field_unordered("metadata").get_object().get(metadata)) {
    page.resourceVersion = text(metadata.find_field_unordered("resourceVersion"));
    page.continueToken = text(metadata.find_field_unordered("continue"));
  }
  const std::string head = "{\"kind\":\"" + kind + "\",\"apiVersion\":\"" + apiVersion + "\",";
  simdjson::ondemand::array items;
  const auto error = root.find_field_unordered("items").get_array().get(items);
  if (error == simdjson::INCORRECT_TYPE) return page;  // null: an empty list
  if (error) return damaged();
  std::string object;
  for (auto entry : items) {
    simdjson::ondemand::object item;
    std::string_view raw;
    if (entry.get_object().get(item) || item.raw_json().get(raw) || raw.size() < 2) {
      return damaged();
    }
    const size_t inside = raw.find_first_not_of(" \t\r\n", 1);
    if (inside == std::string_view::npos || raw[inside] == '}') continue;  // {}: nobody
    object.assign(head).append(raw.substr(inside));
    onItem(object);
  }
  return page;
}

}  // namespace firebreak::kube
