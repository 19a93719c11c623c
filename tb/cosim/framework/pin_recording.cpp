#include "cosim/framework/pin_recording.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer::cosim {

PinRecording::PinRecording(const std::string& path, SignalBundle& bundle) : file_(path) {
    if (!file_) throw InputError(path, "cannot be written");
    const std::vector<Port*>& outputs = bundle.outputs();
    file_ << "inputs";
    for (const auto& port : bundle.ports()) {
        if (port.get() == &bundle.clock() || std::find(outputs.begin(), outputs.end(), port.get()) != outputs.end()) continue;
        ports_.push_back(port.get());
        file_ << fmt::format(" {}:{}", port->name(), port->width());
    }
    file_ << "\noutputs";
    for (const Port* port : outputs) {
        ports_.push_back(port);
        file_ << fmt::format(" {}:{}", port->name(), port->width());
    }
    file_ << '\n';
}

void PinRecording::add_cycle() {
    const char* separator = "";
    for (const Port* port : ports_) {
        file_ << separator << port->get(Level::systemc).hex();
        separator = " ";
    }
    file_ << '\n';
}

}  // namespace coffer::cosim
