#pragma once

#include <cstdint>

#include "crypto/kdf.h"
#include "hsvm/hsvm_ports.h"

namespace coffer {

/// The chip's random number generator, seeded so that runs repeat: key i is derived from the seed with label `coffer drbg` and context le64(i).
class SeededKeySource : public KeySource {
public:
    explicit SeededKeySource(const crypto::Key128& seed) : seed_(seed) {}

    crypto::Key128 next() override {
        crypto::KdfContext context;
        store_le64(context.data(), ++count_);
        return crypto::derive_128(seed_, "coffer drbg", context);
    }

private:
    crypto::Key128 seed_;
    std::uint64_t count_ = 0;
};

}  // namespace coffer
