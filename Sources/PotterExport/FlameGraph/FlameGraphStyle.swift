// SPDX-License-Identifier: Apache-2.0

enum FlameGraphStyle {
    static let text = """
        text{font:11px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#222}
        #command{font:600 16px system-ui,"Segoe UI","DejaVu Sans",sans-serif}
        #subtitle,#matched,#legend text,#details,#hidden{font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:#555}
        #details{fill:#222}
        #matched{text-anchor:end}
        .scrolled #cover{filter:drop-shadow(0 1px 2px #0003)}
        #frames text{pointer-events:none}
        .f{cursor:pointer}
        .root{fill:#dcdce2}
        .wide{stroke:#fff;stroke-width:.6}
        .f:hover rect{stroke:#222;stroke-width:1}
        .ancestor{opacity:.55}
        .found rect{fill:#5b8def}
        .found text{fill:#fff}
        .hidden{display:none}
        .button{cursor:pointer}
        .button rect{fill:#f3f3f5;stroke:#c4c4cc}
        .button:hover rect{fill:#e4e4ea}
        .button text{font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif;text-anchor:middle;pointer-events:none}
        #search{box-sizing:border-box;width:100%;height:24px;padding:0 8px;border:1px solid #c4c4cc;border-radius:4px;
        font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif;color:#222;background:#fff}
        #search:focus{outline:2px solid #5b8def;outline-offset:-1px}

        """
}
