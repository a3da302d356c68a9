// Does an answer look as a product's signature says? JSON is read as a sketch (which members exist,
// what their scalars are), since a body may be cut after 64 KiB. Stateless; safe from any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "detect/dashboards/probe_answer.h"
#include "detect/dashboards/product.h"

namespace firebreak::detect {

// JSON pointer -> the scalar's text, "" for null, "{" or "[" for containers. Objects to depth 4, of
// arrays only element 0. What stands before a cut or an error is kept. Empty where it is no JSON.
std::map<std::string, std::string, std::less<>> sketchJson(std::string_view text);

bool matches(const AnswerShape& shape, const ProbeAnswer& answer);

// Any case.
bool containsText(std::string_view text, std::string_view part);
bool equalText(std::string_view a, std::string_view b);

}  // namespace firebreak::detect
