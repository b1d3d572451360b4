module ingestdoctor

go 1.26.0
