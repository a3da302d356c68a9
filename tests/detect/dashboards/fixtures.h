// What a product answers, open and locked: as observed, or as its documentation shows it (the source
// stands with the product).
#pragma once

#include <vector>

#include "detect/dashboards/product.h"

namespace firebreak::detect {

struct Fixture {
  const char* product;
  const char* path;
  int openStatus;
  const char* openType;
  const char* openBody;
  Grants grants;
  int lockedStatus;
  const char* lockedType;
  const char* lockedBody;
  const char* lockedLocation = "";
  const char* openLocation = "";
};

inline constexpr const char* kJson = "application/json";
inline constexpr const char* kHtml = "text/html; charset=utf-8";

// Of the products of all files of signatures/ but the first five.
const std::vector<Fixture>& moreFixtures();

// As the running consoles gave them, shortened; without a version they are of the one in the table.
const std::vector<Fixture>& observedFixtures();

}  // namespace firebreak::detect
