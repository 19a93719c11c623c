#include "hsvm/serial_line.h"

#include <iterator>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

NoisyLine::NoisyLine(const SerialNoise& noise) : noise_(noise), random_(noise.seed) {
    for (const double probability : {noise.bit_error, noise.loss, noise.cut, noise.repeat, noise.delay})
        if (!(probability >= 0 && probability <= 1)) throw InputError("hsvm.usart.noise", fmt::format("{} is no probability", probability), "0 to 1");
}

bool NoisyLine::happens(double probability) {
    // The standard's distributions differ from library to library.
    return probability > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
}

Bytes NoisyLine::disturbed(ByteView frame) {
    Bytes bytes(frame.begin(), frame.end());
    if (noise_.bit_error > 0)
        for (std::uint8_t& byte : bytes)
            for (unsigned bit = 0; bit < 8; ++bit)
                if (happens(noise_.bit_error)) byte = static_cast<std::uint8_t>(byte ^ 1u << bit);
    if (!bytes.empty() && happens(noise_.cut)) bytes.resize(random_() % bytes.size());
    return bytes;
}

std::vector<Bytes> NoisyLine::carry(SerialDirection direction, ByteView frame) {
    std::vector<Bytes>& delayed = delayed_[static_cast<std::size_t>(direction)];
    std::vector<Bytes> late;
    late.swap(delayed);
    std::vector<Bytes> arrived;
    if (!happens(noise_.loss)) {
        const bool twice = happens(noise_.repeat);
        for (int copies = twice ? 2 : 1; copies != 0; --copies) (happens(noise_.delay) ? delayed : arrived).push_back(disturbed(frame));
    }
    arrived.insert(arrived.end(), std::make_move_iterator(late.begin()), std::make_move_iterator(late.end()));
    return arrived;
}

}  // namespace coffer
