// Under which path a console stands, where it does not stand at the root: as its pods' settings say, or
// as a redirect within the host shows. A hint for what to ask, never evidence. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/dashboards/probe_answer.h"
#include "detect/dashboards/product.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// "/x" from "x", "/x/" or "https://host/x/"; empty for the root and for what is no plain path.
std::string normalBasePath(std::string_view text);

// What Product::base says in these pods' containers; each path once.
std::vector<std::string> basePathsSet(const Product& product, const std::vector<Pod>& pods);

// The paths that a redirect within the host may stand for. Of "/x/api/status" as the answer to
// "/api/status" that is "/x"; of "/x/tree" as the answer to "/" it is "/x", then "/x/tree". `hosts` are
// the names by which the console was asked.
std::vector<std::string> basePathsShown(const ProbeAnswer& answer,
                                        const std::vector<std::string>& hosts);

// Where a redirect leads with its query, if that is within the host and no login; else empty.
std::string redirectWithin(const ProbeAnswer& answer, const std::vector<std::string>& hosts);

}  // namespace firebreak::detect
