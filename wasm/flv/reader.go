package flv
