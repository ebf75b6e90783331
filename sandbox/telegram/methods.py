"""The table of all simulated Bot API methods."""

from sandbox.telegram import editing, profile, queries, sending
from sandbox.telegram.door import Method, Methods, WaitingMethod
from sandbox.telegram.updates import Updates


def table(updates: Updates) -> Methods:
    listed = (
        Method("getMe", profile.get_me),
        Method("getChat", profile.get_chat),
        Method("getFile", profile.get_file),
        Method("setMyCommands", profile.set_my_commands),
        Method("getMyCommands", profile.get_my_commands),
        Method("deleteMyCommands", profile.delete_my_commands),
        Method("setWebhook", updates.set_webhook),
        Method("deleteWebhook", updates.delete_webhook),
        Method("getWebhookInfo", updates.get_webhook_info),
        WaitingMethod("getUpdates", updates.get_updates),
        Method("sendMessage", sending.send_message),
        Method("sendPhoto", sending.send_photo),
        Method("sendDocument", sending.send_document),
        Method("editMessageText", editing.edit_message_text),
        Method("editMessageReplyMarkup", editing.edit_message_reply_markup),
        Method("answerCallbackQuery", queries.answer_callback_query),
    )
    return {method.name.lower(): method for method in listed}
