// The handshake of five pipelines in step.
`include "channel_rules.v"
`include "flow_rules.v"
`include "pipeline_rules.v"

module pad_generator_5_rules (
    input wire clk, input wire rst_n, input wire in_valid, input wire [127:0] in_key, input wire [95:0] in_iv, input wire out_ready
);
    wire in_ready, out_valid, started;
    wire [127:0] out_pad0, out_pad1, out_pad2, out_pad3, out_mask;
    wire [2:0] out_pads_there;
    wire [10:0] filled;
    wire [7:0] held, in_flight, starved;
    pad_generator_5 block (.*, .\control.filled (filled));
    channel_rules #(.WIDTH(643)) out (
        .clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready), .payload({out_pads_there, out_pad0, out_pad1, out_pad2, out_pad3, out_mask})
    );
    flow_rules #(.LONGEST(10)) flow (.*, .takes(in_valid && in_ready));
    pipeline_rules pipeline (.*);

    always @(*) if (started) begin
        valid_waits_for_nothing: assert (out_valid == filled[10]);
        takes_when_it_can: assert (in_ready == (!filled[10] || out_ready));
        all_pads_at_once: assert (out_pads_there == (out_valid ? 4 : 0));
        full: cover (in_flight == 11);
    end
endmodule
