/** Constants of a build, which asconfig.json introduces with `use`: 0 or 1. */
declare const FUSED: bool;
declare const DOT: bool;
declare const TAP: bool;
declare const THREADS: bool;
