// SPDX-License-Identifier: Apache-2.0
/*
 * Stands in for the CloudWatch agent: adds up one counter from statsd lines on a loopback port,
 * until SIGTERM. Prints the sum, and how many of its lines took something back. Usage: statsd_sum
 * PORT NAME
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_stop}; /* no SA_RESTART: recv() ends */
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long long sum = 0;
	unsigned int negative = 0;
	char datagram[65536];
	ssize_t len;

	if (argc != 3)
		return 2;
	in.sin_port = htons((uint16_t)atoi(argv[1]));
	sigaction(SIGTERM, &action, NULL);
	if (bind(fd, (const struct sockaddr *)&in, sizeof(in)))
		return 1;
	puts("listening");
	fflush(stdout);
	while (!stopping && (len = recv(fd, datagram, sizeof(datagram) - 1, 0)) >= 0) {
		char *rest = datagram;
		const char *line;

		datagram[len] = '\0';
		while ((line = strsep(&rest, "\n"))) {
			const size_t name = strlen(argv[2]);

			if (strncmp(line, argv[2], name) != 0 || line[name] != ':')
				continue;
			const long long n = atoll(line + name + 1);
			sum += n;
			negative += n < 0;
		}
	}
	printf("sum %lld\nnegative %u\n", sum, negative);
	return 0;
}
