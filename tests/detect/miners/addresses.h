// Monero addresses for tests: valid by form and checksum, of keys that nobody has.
#pragma once

namespace firebreak::detect {

inline constexpr char kStandardAddress[] =
    "4BCoWHUQxnRNK7bMopBmSRTEyhYwB7EtKjXS93tESNRD3X7QDtUBXTvjfjCYUEGYVZJFMpfCsQe6uCF6qCnkLBmc8by7NY"
    "d";
inline constexpr char kSubaddress[] =
    "8AiiWqXGm3FVxDzyeCPShoN9VFzhhUeuWbhESPupVTbBMYs6VW9nGYtTX2ozvGjhFF5xhcskbyeY6iLu6riqWDmXJrBXS4"
    "D";
inline constexpr char kIntegratedAddress[] =
    "4FuFcten8pxfvCfPk3NUZGhpqHk5KF4UeGeC73WVZAwdJ4WVQtBAN7HJGjTJDi4BNhC6iLRa84QW5WurY7nd99yAPH8bPu"
    "ATw"
    "5Q7LDi3Si";
inline constexpr char kTestnetAddress[] =
    "9zewFCwUGzQ8ot7zcvEH2xSUHotRep44TTgksFu4DkzSGszWePWR5v7VySSVfrYcQE5ojJJt73fUbQWCjz2E4fEwMAYEqZ"
    "p";

}  // namespace firebreak::detect
