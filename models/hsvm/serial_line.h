#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "common/bytes.h"

namespace coffer {

enum class SerialDirection : std::uint8_t { to_controller, to_processor };

/// The wires of a serial line, one for each direction.
class SerialLine {
public:
    virtual ~SerialLine() = default;
    /// A frame goes in; what comes out at the other end until the line is silent again, in order: as a rule the frame itself.
    virtual std::vector<Bytes> carry(SerialDirection direction, ByteView frame) = 0;
};

/// Errors of a line, each with its probability, 0 to 1.
struct SerialNoise {
    std::uint64_t seed = 1;
    double bit_error = 0;  ///< that a bit comes out inverted
    double loss = 0;       ///< that a frame does not come out
    double cut = 0;        ///< that a frame comes out without its end
    double repeat = 0;     ///< that it comes out twice
    double delay = 0;      ///< that it comes out behind the next one only
};

/// A line with random errors, the same for the same seed; without any where all probabilities are 0.
class NoisyLine : public SerialLine {
public:
    /// Throws InputError for what is no probability.
    explicit NoisyLine(const SerialNoise& noise);

    std::vector<Bytes> carry(SerialDirection direction, ByteView frame) override;

private:
    bool happens(double probability);
    Bytes disturbed(ByteView frame);

    const SerialNoise noise_;
    std::mt19937_64 random_;
    std::array<std::vector<Bytes>, 2> delayed_;  // of each direction
};

}  // namespace coffer
