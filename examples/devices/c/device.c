/* A device that renews its session without reconnecting: device PORT CLIENT_ID TOKEN_COMMAND [4|5]
 *
 * TOKEN_COMMAND prints a fresh token; in life it asks your issuer. The gate says on
 * $CONTROL/sallyport/v1/notice when the session is about to end, without a subscription.
 *
 *   cc -o device device.c -lmosquitto
 */
#include <mosquitto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RENEW "$CONTROL/sallyport/v1/renew"
#define RESPONSE "$CONTROL/sallyport/v1/renew/response"
#define NOTICE "$CONTROL/sallyport/v1/notice"

static const char *token_command;
static volatile int renew_now;

/* In `token`, without its newline; 0 where there is none. */
static size_t fresh_token(char *token, size_t room) {
  FILE *pipe = popen(token_command, "r");
  if (!pipe) return 0;
  size_t length = fread(token, 1, room - 1, pipe);
  if (pclose(pipe) != 0) length = 0;
  while (length > 0 && token[length - 1] == '\n') --length;
  token[length] = 0;
  return length;
}

static void on_connect(struct mosquitto *client, void *data, int code) {
  (void)client, (void)data;
  if (code == 0)
    puts("connected");
  else
    printf("refused %d\n", code);
}

static void on_disconnect(struct mosquitto *client, void *data, int code) {
  (void)data;
  printf("disconnected %d\n", code);
  static char token[8192];
  if (code != 0 && fresh_token(token, sizeof token)) mosquitto_username_pw_set(client, "device", token);
}

static void on_publish(struct mosquitto *client, void *data, int number) {
  (void)client, (void)data;
  printf("acknowledged %d\n", number);
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message) {
  (void)client, (void)data;
  if (strcmp(message->topic, NOTICE) == 0) {
    renew_now = 1;
  } else if (strcmp(message->topic, RESPONSE) == 0) {
    const int good = message->payload && strstr(message->payload, "\"renewed\"") != NULL;
    puts(good ? "renewed" : "refused");
    renew_now = !good; /* the session goes on until its end: try again with another token */
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  token_command = argv[3];
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0); /* so that poll() sees what is there */
  static char token[8192], line[1024], topic[256];
  if (!fresh_token(token, sizeof token)) return 1;
  mosquitto_lib_init();
  struct mosquitto *client = mosquitto_new(argv[2], true, NULL);
  if (!client) return 1;
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, argc > 4 && argv[4][0] == '5' ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  mosquitto_username_pw_set(client, "device", token);
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_disconnect_callback_set(client, on_disconnect);
  mosquitto_publish_callback_set(client, on_publish);
  mosquitto_message_callback_set(client, on_message);
  if (mosquitto_connect(client, "127.0.0.1", atoi(argv[1]), 30) != MOSQ_ERR_SUCCESS) return 1;
  mosquitto_loop_start(client);
  snprintf(topic, sizeof topic, "devices/%s/up", argv[2]);
  for (;;) {
    if (renew_now) {
      renew_now = 0;
      const size_t length = fresh_token(token, sizeof token);
      if (length) mosquitto_publish(client, NULL, RENEW, (int)length, token, 1, false);
    }
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 500) == 0) continue;
    if (!fgets(line, sizeof line, stdin)) break;
    line[strcspn(line, "\n")] = 0;
    mosquitto_publish(client, NULL, topic, (int)strlen(line), line, 1, false);
  }
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
  return mosquitto_lib_cleanup();
}
