// Passwords as people choose them: words with digits, words in a row, letters and digits under a
// punctuation mark. Too plain to count by themselves; they do where a password is expected.
// Pure; safe from any thread.
#pragma once

#include <string_view>

namespace firebreak::detect {

// "orchid7648", "marble-lantern-copper-99", "Marble.Lantern.Copper9", "Orchid2019.", "rzx417$",
// "qLKzsFrn". Neither a default (admin123), a
// name with its version (orders-db-2) nor an algorithm (sha256).
bool isChosenPassword(std::string_view text);

// "6273918450": eight digits or more that are no run, date, time, port or telephone number. Only where
// the name says password; elsewhere digits are ids.
bool isDigitPassword(std::string_view text);

// "canyon maple silver winter": words that make no sentence.
bool isWordPhrase(std::string_view text);

}  // namespace firebreak::detect
