#pragma once

#include <optional>

#include "kill/shared_facts.h"
#include "vm_table/file_nonvolatile.h"

namespace coffer::kill {

/// What is wrong with a chip, on purpose.
enum class Fault : std::uint8_t {
    none,
    forgotten_gpc,   ///< reserved LPIDs are not written
    register_first,  ///< the log's register is written before the copy that it stands for
    late_register,   ///< the log's register is written with the next change
    unchecked_gpc,   ///< any count in the GPC's file is believed
};

/// A chip's non-volatile files, which tell when they are written, and may be faulty.
class StagedNonVolatile : public NonVolatile {
public:
    StagedNonVolatile(const std::filesystem::path& file, ChipNumber chip, SharedFacts& facts, unsigned index, Fault fault)
        : files_(file, chip), facts_(facts), index_(index), fault_(fault), gpc_(files_.gpc()), register_(files_.log_register()) {}

    Lpid gpc() const override { return gpc_; }
    const LogRegister& log_register() const override { return register_; }
    Bytes log_copy(unsigned copy) const override { return files_.log_copy(copy); }
    std::string name() const override { return files_.name(); }

    void write_gpc(Lpid gpc) override {
        const InPhase phase(facts_, index_, Phase::lpid_batch);
        if (fault_ != Fault::forgotten_gpc) files_.write_gpc(gpc);
        gpc_ = gpc;
    }
    void write_log_copy(unsigned copy, ByteView bytes) override {
        const InPhase phase(facts_, index_, Phase::log_copy);
        if (fault_ == Fault::late_register) files_.write_log_register(register_);
        if (fault_ == Fault::register_first) {
            held_copy_ = copy;
            held_bytes_.assign(bytes.begin(), bytes.end());
            return;
        }
        files_.write_log_copy(copy, bytes);
    }
    void write_log_register(const LogRegister& value) override {
        const InPhase phase(facts_, index_, Phase::log_register);
        if (fault_ != Fault::late_register) files_.write_log_register(value);
        register_ = value;
        if (held_copy_) files_.write_log_copy(*held_copy_, held_bytes_);
        held_copy_.reset();
    }

private:
    FileNonVolatile files_;
    SharedFacts& facts_;
    const unsigned index_;
    const Fault fault_;
    Lpid gpc_;
    LogRegister register_;
    std::optional<unsigned> held_copy_;
    Bytes held_bytes_;
};

}  // namespace coffer::kill
