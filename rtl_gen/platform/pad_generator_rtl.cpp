#include "pad_generator_rtl.h"

#include <Vpad_generator.h>

#include "clocked_model.h"

namespace coffer {

namespace {

/// Far more than any line takes.
constexpr std::uint64_t most_cycles_per_line = 100;

}  // namespace

struct PadGeneratorRtl::Model : ClockedModel<Vpad_generator> {
    Model() : ClockedModel("pad_generator") {}
};

PadGeneratorRtl::PadGeneratorRtl() : model_(std::make_unique<Model>()) { (*model_)->out_ready = 1; }

PadGeneratorRtl::~PadGeneratorRtl() = default;

void PadGeneratorRtl::install(Slot slot, const crypto::Key128& k_data) {
    if (slot >= keys_.size()) keys_.resize(slot + std::size_t{1});
    keys_[slot] = k_data;
}

void PadGeneratorRtl::revoke(Slot slot) {
    if (slot < keys_.size()) keys_[slot].reset();
}

void PadGeneratorRtl::generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) {
    Model& model = *model_;
    const std::uint64_t begin = model.cycles();
    set_port(model->in_key, keys_[slot]->data());
    std::size_t sent = 0;
    std::size_t received = 0;
    while (received < lines) {
        model->in_valid = sent < lines;
        if (sent < lines) set_port(model->in_iv, ivs[sent].data());
        model.settle();
        if (model->in_valid && model->in_ready) ++sent;
        if (model->out_valid) {
            std::uint8_t* const line = pads + received * pad_bytes;
            get_port(model->out_pad0, line);
            get_port(model->out_pad1, line + chunk_bytes);
            get_port(model->out_pad2, line + 2 * chunk_bytes);
            get_port(model->out_pad3, line + 3 * chunk_bytes);
            get_port(model->out_mask, line + 4 * chunk_bytes);
            ++received;
        }
        model.rise();
        model.check_alive(begin, (lines + 1) * most_cycles_per_line);
    }
    model->in_valid = 0;
    cycles_ = model.cycles() - begin;
}

}  // namespace coffer
