#include "kube/object_identity.h"

#include "kube/padded_json.h"

namespace firebreak::kube {
namespace {

using simdjson::ondemand::object;

bool read(PaddedJson& space, std::string_view json, ObjectIdentity* out) {
  simdjson::ondemand::document document;
  object root;
  object metadata;
  if (space.parser.iterate(space.copy(json)).get(document) || document.get_object().get(root) ||
      root.find_field_unordered("metadata").get_object().get(metadata)) {
    return false;
  }
  const struct {
    std::string_view name;
    std::string* to;
  } fields[] = {{"namespace", &out->ns},
                {"name", &out->name},
                {"uid", &out->uid},
                {"resourceVersion", &out->resourceVersion}};
  for (auto entry : metadata) {
    std::string_view key;
    if (entry.unescaped_key().get(key)) return false;
    for (const auto& field : fields) {
      std::string_view value;
      if (field.name == key && !entry.value().get_string().get(value)) field.to->assign(value);
      if (field.name == key) break;
    }
  }
  return true;
}

}  // namespace

Result<ObjectIdentity> identityOf(std::string_view objectJson) {
  thread_local PaddedJson space;
  ObjectIdentity identity;
  const bool ok = read(space, objectJson, &identity) && !identity.name.empty();
  space.shrink();
  if (!ok) return fail(ErrorCode::kInvalid, "read object: no JSON object with metadata.name");
  return identity;
}

}  // namespace firebreak::kube
