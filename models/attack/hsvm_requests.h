#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "attack/answer.h"
#include "common/bytes.h"
#include "hsvm/register_table.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// Operations of the H-SVM controller as software on one core asks for them: through the controller's registers. Who asks is what the core says.
class HsvmRequests {
public:
    using Register = hsvm_registers::Register;
    using Arguments = std::vector<std::pair<Register, std::uint64_t>>;

    /// `machine` outlives the object.
    HsvmRequests(MachineTlm& machine, unsigned core) : machine_(machine), core_(core) {}

    Answer carry_out(HsvmOperation operation, const Arguments& arguments);
    /// An argument of more than 8 bytes, before carry_out.
    Answer set(Register name, ByteView bytes) { return {write(name, bytes) ? "" : "register refused"}; }
    /// What the last operation gave. Throws std::logic_error where the register cannot be read.
    std::uint64_t result(Register name);
    Bytes result(Register name, std::size_t size);

private:
    bool write(Register name, ByteView bytes);

    MachineTlm& machine_;
    const unsigned core_;
};

}  // namespace coffer
