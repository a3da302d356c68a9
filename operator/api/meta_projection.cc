#include "api/meta_projection.h"

#include <utility>

#include "base/time_format.h"

namespace firebreak {
namespace {

ObjectRef readController(JsonCursor& cursor, JsonValue owners) {
  ObjectRef controller;
  cursor.eachItem(owners, [&](size_t, JsonValue owner) {
    ObjectRef ref;
    bool controls = false;
    cursor.eachField(owner, [&](std::string_view key, JsonValue field) {
      if (key == "apiVersion")
        ref.apiVersion = cursor.text(field);
      else if (key == "kind")
        ref.kind = cursor.text(field);
      else if (key == "name")
        ref.name = cursor.text(field);
      else if (key == "uid")
        ref.uid = cursor.text(field);
      else if (key == "controller")
        controls = cursor.flag(field);
    });
    if (controls) controller = std::move(ref);
  });
  return controller;
}

}  // namespace

ObjectMeta readMeta(JsonCursor& cursor, JsonValue value, bool withAnnotations) {
  ObjectMeta meta;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "namespace")
      meta.ns = cursor.text(field);
    else if (key == "name")
      meta.name = cursor.text(field);
    else if (key == "uid")
      meta.uid = cursor.text(field);
    else if (key == "resourceVersion")
      meta.resourceVersion = cursor.text(field);
    else if (key == "labels")
      meta.labels = cursor.map(field);
    else if (key == "annotations" && withAnnotations)
      meta.annotations = cursor.map(field);
    else if (key == "ownerReferences")
      meta.controller = readController(cursor, field);
    else if (key == "deletionTimestamp")
      meta.deleting = !cursor.text(field).empty();
    else if (key == "creationTimestamp")
      meta.created = parseTime(cursor.text(field)).value_or(WallTime{});
  });
  if (!meta.controller.kind.empty() && meta.controller.kind != "Node") {
    meta.controller.ns = meta.ns;
  }
  return meta;
}

}  // namespace firebreak
