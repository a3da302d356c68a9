// Walks every string of one object, through nested JSON, base64 and gzip to depth 3, and says what
// lies open where. Knows the places that need more than their text: env entries, argument lists,
// image pull configurations, a manifest inside an annotation.
// Lives within one call of scanSecretsIn; holds values only until then, and wipes what it decoded.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/scan_input.h"
#include "detect/secrets/text_scan.h"
#include "detect/signatures/secrets.h"

namespace firebreak::detect {

struct PlacedHit {
  SecretHit hit;
  std::string path;       // the field of the object that holds it, however deeply nested
  std::string container;  // where the field is inside one
  std::string_view value;
  int line = 0;              // 1-based within a text of several lines, else 0
  int fieldLine = 1;         // the line of the field's own text that holds it, encoded or not
  std::string_view inField;  // how the field's own text spells it; of what is encoded, the encoding
  bool encoded = false;      // base64 or gzip had to be taken off
  bool nameIsField = false;  // hit.name is already in the path
  bool onlyProven = false;   // stands where nothing counts that is a guess
};

class DocumentWalk {
 public:
  explicit DocumentWalk(const Document& document)
      : document_(document), ids_(secretPairRules().size()) {}
  ~DocumentWalk();
  DocumentWalk(const DocumentWalk&) = delete;
  DocumentWalk& operator=(const DocumentWalk&) = delete;

  std::vector<PlacedHit> run();
  // The public halves of secretPairRules()[index] that stand in the object, of which the rule is the
  // pair's. After run().
  const std::vector<PlacedHit>& ids(size_t index) const { return ids_.at(index); }

 private:
  struct Place {
    std::string path;
    std::string name;  // what the value is called: its key, or its entry's `name`
    std::string container;
    std::string_view around;  // the field's own text
    std::string_view run;     // the part of it that was decoded on the way here
    int depth = 0;            // texts parsed or decoded on the way here
    bool encoded = false;
    bool nested = false;      // inside a text that was parsed again
    bool onlyProven = false;  // nothing that rests on a name alone
    bool alertOnly = false;   // shown, never acted on
  };

  void visit(const Json& value, const Place& place);
  void visitObject(const Json& object, const Place& place);
  void visitArray(const Json& array, const Place& place);
  void visitText(const std::string& text, const Place& place);
  void addSplitLiterals(const std::string& text, bool isCode, std::vector<SecretHit>& hits);
  void visitLastApplied(const std::string& text, const Place& place);
  bool visitNestedJson(const std::string& text, const Place& place);
  // True where the text as a whole was an encoding of something that lies open.
  bool visitEncoded(std::string_view text, const Place& place);
  void visitEmbedded(std::string_view text, const Place& place, const std::vector<SecretHit>& hits);
  void visitWebKey(const Json& object, const Place& place);
  void visitPullConfig(const Json& auths, const Place& place);
  void keep(SecretHit hit, std::string_view text, const Place& place);
  PlacedHit placed(SecretHit hit, std::string_view text, const Place& place);
  void noteIds(std::string_view text, const Place& place);
  // Keeps a decoded text alive as long as the hits that point into it.
  const std::string& hold(std::string text);

  const Document& document_;
  std::vector<PlacedHit> hits_;
  std::deque<std::string> held_;
  std::vector<std::vector<PlacedHit>> ids_;
};

}  // namespace firebreak::detect
