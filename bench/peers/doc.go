// Package peers holds the servers that services/find is measured against. Each does what find does, GET /user/{name}, in
// another way and with nothing else around it: no limits, no deadlines, no metrics, no log, no request ids.
//
// They are configured as find is: ADDR, DATABASE_URL, REDIS_URL.
package peers
